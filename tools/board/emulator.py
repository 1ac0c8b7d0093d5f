"""A Raspberry Pi Pico in rp2040py, from a MicroPython image that the user brings.

`rp2040py:IMAGE.uf2` in the place of a port. The board's flash is kept in `.panewatch/emulators`
from start to start, so that what was deployed is there when it is tested.
"""

from __future__ import annotations

import hashlib
import queue
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Final

from tools.cli.errors import InputError, RunError
from tools.cli.options import HOME

PREFIX: Final = "rp2040py:"
SCALE: Final = 30.0
"""How many times slower than a real one it is."""
START_S: Final = 60.0
_END_S: Final = 20.0
_UF2: Final = b"UF2\n"
_LISTENS: Final = re.compile(r"listening on 127\.0\.0\.1:(\d+)")


def is_emulator(spec: str) -> bool:
    """True for `rp2040py:…`."""
    return spec.startswith(PREFIX)


def missing(spec: str) -> str | None:
    """Why such a board cannot be started here, or None when it can."""
    image = Path(spec.removeprefix(PREFIX))
    try:
        with image.open("rb") as file:
            magic = file.read(len(_UF2))
    except OSError as error:
        return f"{image}: no image there ({error.strerror}); get one at micropython.org/download"
    if magic != _UF2:
        return f"{image} is no UF2 image; get one at micropython.org/download"
    if find_spec("rp2040py") is None:
        return "rp2040py is not installed: pip install rp2040py (`make test` installs it)"
    return None


@contextmanager
def emulator(spec: str, home: Path = HOME) -> Iterator[str]:
    """The URL of its console while it runs; raises InputError, RunError."""
    if reason := missing(spec):
        raise InputError(reason)
    image = Path(spec.removeprefix(PREFIX)).resolve()
    digest = hashlib.sha256(image.read_bytes()).hexdigest()[:8]
    flash = home / "emulators" / f"{image.stem}-{digest}.img"
    flash.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "rp2040py", "micropython", "--image", str(image)]
    command += ["--tcp-port", "0", "--dump-fs", str(flash)]
    if flash.exists():
        command += ["--littlefs", str(flash)]
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield f"socket://127.0.0.1:{_port(process, image)}"
    finally:
        process.terminate()  # it writes its flash then
        try:
            process.wait(_END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _port(process: subprocess.Popen[str], image: Path) -> int:
    """What it says that it listens on; its further words are read and dropped."""
    lines: queue.Queue[str | None] = queue.Queue()
    threading.Thread(target=_drain, args=(process.stdout, lines), daemon=True).start()
    last, end_s = "it said nothing", time.monotonic() + START_S
    while True:
        try:
            line = lines.get(timeout=max(0.0, end_s - time.monotonic()))
        except queue.Empty:
            raise RunError(f"{image}: rp2040py does not start: {last}") from None
        if line is None:
            raise RunError(f"{image}: rp2040py ended: {last}")
        if found := _LISTENS.search(line):
            return int(found[1])
        last = line.strip() or last


def _drain(output: IO[str] | None, lines: queue.Queue[str | None]) -> None:
    for line in output or ():
        lines.put(line)
    lines.put(None)
