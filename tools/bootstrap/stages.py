"""What each stage of the set-up needs, and the stamp that says it is done."""

from __future__ import annotations

import hashlib
import importlib.util
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tools.bootstrap import debian, node
from tools.bootstrap.errors import StageError
from tools.bootstrap.pip import Pip

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
REQUIREMENTS = ROOT / "requirements"
CONSOLE = ROOT / "ground" / "console"
TYPINGS = ROOT / "typings"
PORTS = ("rp2", "esp32", "unix")
"""MicroPython ports whose stubs the firmware is checked against."""
WASM = ROOT / "hil_tests" / "mpy"


def once(stage: str, inputs: list[Path], output: Path, make: Callable[[], None]) -> None:
    """Run `make` unless `output` is there and the stage's stamp stands for these inputs, here."""
    digest = hashlib.sha256(f"{ROOT} {sys.version_info[:2]}".encode())
    for path in inputs:
        digest.update(path.read_bytes() if path.exists() else b"none")
    stamp = VENV / f".{stage}"
    if output.exists() and stamp.exists() and stamp.read_text() == digest.hexdigest():
        return
    stamp.unlink(missing_ok=True)
    make()
    stamp.write_text(digest.hexdigest())


def core() -> None:
    """The run-time packages and the project itself."""

    def make() -> None:
        ensure_venv()
        pip = Pip("core", PYTHON, VENV / "core.log")
        pip.install("--require-hashes", "-r", str(REQUIREMENTS / "core.txt"))
        pip.install("--no-index", "--no-deps", "--no-build-isolation", "-e", str(ROOT))
        pip.close()

    once("core", [REQUIREMENTS / "core.txt", ROOT / "pyproject.toml"], PYTHON, make)


def ensure_venv() -> None:
    """A virtual environment whose Python runs and has pip; an unfinished one is made anew."""
    probe = [str(PYTHON), "-c", "import pip, sys; print(sys.version_info[:2])"]
    if PYTHON.exists() and moved():
        print(f"core: {VENV.name} was made in another folder, its programs point there", flush=True)
    elif PYTHON.exists():
        found = subprocess.run(probe, capture_output=True, text=True, check=False)
        if found.stdout.strip() == str(sys.version_info[:2]):
            return
    if importlib.util.find_spec("ensurepip") is None:
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        raise StageError(
            f'Python has no ensurepip: run "apt-get install python{version}-venv" '
            "(Debian, Ubuntu), then start again",
            code=2,
        )
    print(f"core: making {VENV.name} with Python {sys.version.split()[0]}", flush=True)
    made = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", str(VENV)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if made.returncode:
        words = (made.stderr or made.stdout).strip().splitlines() or ["no reason given"]
        raise StageError(f"cannot make {VENV}: {words[-1]}")


def moved() -> bool:
    """True when the environment was made elsewhere: its scripts name a Python that is not here."""
    config = VENV / "pyvenv.cfg"
    lines = config.read_text(encoding="utf-8").splitlines() if config.exists() else []
    return not any(line.startswith("command = ") and line.endswith(f" {VENV}") for line in lines)


def assets() -> None:
    """The console's browser files; without them everything but the browser view works."""

    def fetch_console() -> None:
        ensure_npm()
        node.fetch_console(PYTHON, ROOT)

    once_or_say(
        "assets",
        [CONSOLE / "fetch.py", CONSOLE / "package.json", CONSOLE / "package-lock.json"],
        CONSOLE / "assets" / "package-lock.json",
        fetch_console,
        "the browser view waits for a network; all else works",
    )


def dev() -> None:
    """Test tools, type stubs, and the outside programs the tests use."""
    typings = {port: REQUIREMENTS / f"typings-{port}.txt" for port in PORTS}

    def packages() -> None:
        pip = Pip("dev", PYTHON, VENV / "dev.log")
        pip.install("--require-hashes", "-r", str(REQUIREMENTS / "dev.txt"))
        for port, stubs in typings.items():
            pip.install(
                "--require-hashes", "--upgrade", "--target", str(TYPINGS / port), "-r", str(stubs)
            )
        pip.close()

    def install_wasm() -> None:
        ensure_npm()
        node.install_packages(PYTHON, WASM)

    once("dev", [REQUIREMENTS / "dev.txt", *typings.values()], TYPINGS / PORTS[-1], packages)
    once_or_say("debian", [], VENV, debian.install, "tests that need them skip")
    once_or_say(
        "wasm",
        [WASM / "package.json", WASM / "package-lock.json"],
        WASM / "node_modules",
        install_wasm,
        "the WebAssembly tests skip",
    )


def once_or_say(
    stage: str, inputs: list[Path], output: Path, make: Callable[[], None], without: str
) -> None:
    """Like `once`, for what one can do without: says so and goes on."""
    try:
        once(stage, inputs, output, make)
    except StageError as error:
        print(f"{stage}: {error}; {without}", file=sys.stderr, flush=True)


def ensure_npm() -> None:
    """Node.js as a Python package where the machine has no npm that is new enough."""

    def install_node() -> None:
        print(
            "node: no npm 8 or later here: taking Node.js as a Python package (61 MB)", flush=True
        )
        pip = Pip("node", PYTHON, VENV / "node.log")
        pip.install("--require-hashes", "-r", str(REQUIREMENTS / "node.txt"))
        pip.close()

    if not node.system_has_npm():
        once("node", [REQUIREMENTS / "node.txt"], PYTHON, install_node)


STAGES: dict[str, Callable[[], None]] = {"core": core, "assets": assets, "dev": dev}
