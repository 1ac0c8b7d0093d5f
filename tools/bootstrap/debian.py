"""Outside programs that the tests use, from Debian's or Ubuntu's packages."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.bootstrap.errors import StageError

POLICY = Path("/usr/sbin/policy-rc.d")
PROGRAMS = {"mosquitto": ("mosquitto", "/usr/sbin/mosquitto"), "chromium": ("chromium",)}
FONTS = "fonts-liberation"
FONT_FOLDER = Path("/usr/share/fonts/truetype/liberation")
"""What pages are measured in: as wide as the fonts of other systems, which DejaVu is not."""


def missing() -> list[str]:
    """The packages whose program is not here, and the fonts where we may install them."""
    programs = [name for name, paths in PROGRAMS.items() if not any(map(shutil.which, paths))]
    return programs + [FONTS] * (_may_install() and not FONT_FOLDER.exists())


def install() -> None:
    """Install what is missing; StageError where we may not or cannot."""
    packages = missing()
    if not packages:
        return
    names = " ".join(packages)
    if not _may_install():
        raise StageError(f"missing here: {names} (Debian: sudo apt-get install {names})")
    start_s = time.monotonic()
    print(f"debian: installing {names} (Chromium is some 100 MB)", flush=True)
    with no_service_starts():
        _apt("update", "-qq")
        text = _apt("install", "-y", "--no-install-recommends", *packages)
    if "mosquitto" in packages and shutil.which("systemctl"):
        # The package enables its broker for the next boot: the tests start their own.
        subprocess.run(["systemctl", "disable", "mosquitto"], capture_output=True, check=False)
    size = re.search(r"Need to get ([\d.,]+ \w+)", text)
    seconds = time.monotonic() - start_s
    print(f"debian: {names}, {size[1] if size else 'nothing'} downloaded in {seconds:.0f} s")


def _may_install() -> bool:
    return shutil.which("apt-get") is not None and os.geteuid() == 0


def _apt(*args: str) -> str:
    """apt-get without questions; its output."""
    done = subprocess.run(
        ["apt-get", *args],
        env=dict(os.environ, DEBIAN_FRONTEND="noninteractive", LC_ALL="C"),
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.startswith("E:")]
        raise StageError(f"apt-get {args[0]}: {errors[0][3:] if errors else 'failed'}")
    return done.stdout


@contextmanager
def no_service_starts() -> Iterator[None]:
    """While inside, a package installs its service without starting it; then all is as before."""
    if POLICY.exists():
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink()
