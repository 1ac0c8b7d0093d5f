"""A program under test: its output line by line, waited for and never slept for."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from hil_tests.support.logs import Log

ROOT = Path(__file__).resolve().parents[2]


class Program:
    """A running program whose whole output is kept in `log`, a file or what changes its file."""

    def __init__(self, command: Sequence[str], log: Path | Log, cwd: Path = ROOT) -> None:
        self._log = log if isinstance(log, Log) else Log()
        if isinstance(log, Path):
            self._log.to(log)
        self._lines: list[str] = []
        self._changed = threading.Condition()
        self._ended = False
        self._process = subprocess.Popen(
            command,
            cwd=cwd,
            env=os.environ | {"PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def output(self) -> str:
        """Everything it has printed so far."""
        with self._changed:
            return "".join(self._lines)

    def wait_for(self, pattern: str, timeout_s: float = 30) -> re.Match[str]:
        """The first match in its output; AssertionError when it ends or is silent on it."""
        end_s = time.monotonic() + timeout_s
        with self._changed:
            while True:
                text = "".join(self._lines)
                if match := re.search(pattern, text, re.MULTILINE):
                    return match
                if self._ended:
                    raise AssertionError(f"ended without {pattern!r}:\n{text}")
                if not self._changed.wait(end_s - time.monotonic()):
                    raise AssertionError(f"no {pattern!r} within {timeout_s} s:\n{text}")

    def interrupt(self) -> None:
        """Ctrl-C as a terminal sends it: to the whole process group."""
        os.killpg(self.pid, signal.SIGINT)

    def send(self, number: signal.Signals) -> None:
        """A signal to this process alone."""
        self._process.send_signal(number)

    def wait(self, timeout_s: float = 10) -> int:
        """Its exit code, once its output is read to the end."""
        code = self._process.wait(timeout_s)
        self._reader.join(timeout_s)
        return code

    def close(self) -> None:
        """End it if it still runs."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._reader.join(10)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._log.say(line)
            with self._changed:
                self._lines.append(line)
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()


def panewatch(*args: str) -> list[str]:
    """The command line under test."""
    return [sys.executable, "-m", "tools.cli.main", *args]


def children(pid: int) -> list[int]:
    """Every living descendant of a process (Linux)."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found + [grandchild for child in found for grandchild in children(child)]


def survivors(pids: Sequence[int], timeout_s: float = 5) -> list[str]:
    """Command lines of the processes that still live after the time-out; [] as soon as none."""
    end_s = time.monotonic() + timeout_s
    while (alive := [pid for pid in pids if _alive(pid)]) and time.monotonic() < end_s:
        time.sleep(0.02)  # a process that is not our child gives no event to wait for
    return [_command(pid) for pid in alive]


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return f"{pid}, gone meanwhile"


def _alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"
