"""Runs pip with visible progress and tells in the end what was downloaded."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

from tools.bootstrap.errors import StageError

DOWNLOADING = re.compile(r"Downloading (\S+) \(([\d.]+) ?(bytes|kB|MB|GB)\)")
CACHED = re.compile(r"Using cached (\S+) \(([\d.]+) ?(bytes|kB|MB|GB)\)")
INSTALLED = re.compile(r"Successfully installed (.+)")
UNIT_MB = {"bytes": 1e-6, "kB": 1e-3, "MB": 1.0, "GB": 1e3}
NO_NETWORK = ("NewConnectionError", "NameResolutionError", "Failed to establish a new connection",
              "Network is unreachable", "ConnectTimeoutError", "ReadTimeoutError", "ProxyError",
              "No matching distribution found")  # fmt: skip


class Pip:
    """pip of one environment for one stage; counts what it downloads."""

    def __init__(self, stage: str, python: Path, log: Path) -> None:
        self.stage = stage
        self.python = python
        self.log = log
        self.packages = 0
        self.downloaded_mb = 0.0
        self.cached_mb = 0.0
        self.start_s = time.monotonic()
        self._installing = False
        self.log.write_text("")

    def install(self, *args: str) -> None:
        """`pip install …`; StageError when it fails."""
        command = [str(self.python), "-m", "pip", "install", "--disable-pip-version-check",
                   "--no-input", "--progress-bar", "off", "--retries", "2", *args]  # fmt: skip
        text = ""
        with (
            subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
            ) as process,
            self.log.open("a", encoding="utf-8") as log,
        ):
            assert process.stdout is not None
            for line in process.stdout:
                log.write(line)
                text += line
                self.follow(line)
        if process.returncode:
            raise StageError(self._reason(text))

    def close(self) -> None:
        """Say what was downloaded."""
        seconds = time.monotonic() - self.start_s
        cached = f" ({self.cached_mb:.1f} MB more from pip's cache)" if self.cached_mb else ""
        self._say(
            f"{self.packages} packages, {self.downloaded_mb:.1f} MB downloaded{cached} "
            f"in {seconds:.0f} s\n"
        )

    def follow(self, line: str) -> None:
        """Count a line of pip's and show it shortened."""
        if found := DOWNLOADING.search(line):
            self.downloaded_mb += float(found[2]) * UNIT_MB[found[3]]
            if not found[1].endswith(".metadata"):
                self._say(f"{found[1].rpartition('/')[2]} ({found[2]} {found[3]})", passing=True)
        elif found := CACHED.search(line):
            self.cached_mb += float(found[2]) * UNIT_MB[found[3]]
        elif line.startswith("Installing collected packages"):
            if not self._installing:  # once a stage: the project itself follows its packages
                self._say("installing", passing=True)
            self._installing = True
        elif found := INSTALLED.search(line):
            self.packages += len(found[1].split())

    def _say(self, words: str, *, passing: bool = False) -> None:
        """One line; a passing one is overwritten by the next where there is a terminal."""
        if sys.stdout.isatty():
            total = f"{self.downloaded_mb:.1f} MB  " if passing else ""
            print(f"\r\033[K{self.stage}: {total}{words[:70]}", end="", flush=True)
        else:
            print(f"{self.stage}: {words.rstrip()}", flush=True)

    def _reason(self, text: str) -> str:
        """One line out of pip's many."""
        end = "\n" if sys.stdout.isatty() else ""
        if any(sign in text for sign in NO_NETWORK):
            return (f"{end}cannot reach the package index; it is needed once, later starts work "
                    f"off line (details: {self.log})")  # fmt: skip
        errors = [line for line in text.splitlines() if line.startswith("ERROR:")]
        return f"{end}pip failed: {errors[-1][7:] if errors else 'see'} (details: {self.log})"
