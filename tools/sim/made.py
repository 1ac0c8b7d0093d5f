"""Folders that are made once in this environment, and anew when what they are made of changes."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Final

HOME: Final = Path(sys.prefix, "lib", "micropython")
_DIGITS: Final = 12
_UNUSED_S: Final = 24 * 3600


def made_once(name: str, sources: Iterable[Path], make: Callable[[Path], None]) -> Path:
    """A folder that `make(folder)` has filled of these sources; what it raises goes through.

    Where the environment cannot be written to, it is made for this program alone.
    """
    digest = sha256(name.encode())
    for path in sorted(sources):
        content = path.read_bytes()
        digest.update(f"{path.name} {len(content)} ".encode() + content)
    home = HOME / f"{name}-{digest.hexdigest()[:_DIGITS]}"
    if home.exists():
        with suppress(OSError):
            os.utime(home)
        return home
    try:
        HOME.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=HOME, prefix="making-"))
    except OSError:
        made = Path(tempfile.mkdtemp(prefix="panewatch-"))
        atexit.register(shutil.rmtree, made, ignore_errors=True)
        make(made)
        return made
    try:
        make(made)
        made.chmod(0o755)
        with suppress(OSError):  # another process was faster
            made.rename(home)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    for other in HOME.glob(f"{name}-*"):
        if time.time() - other.stat().st_mtime > _UNUSED_S:
            shutil.rmtree(other, ignore_errors=True)
    return home
