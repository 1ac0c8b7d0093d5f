"""A unit as a process of this computer: CPython, or MicroPython from board files alone."""

from __future__ import annotations

import json
import secrets
import subprocess
import threading
from pathlib import Path

from ground.model import UnitKey
from hil_tests.support.peer import Peer
from hil_tests.support.uut.base import Uut
from protocol.wire import tables
from tools.board.files import write_board_files
from tools.board.mpy import compile_folder
from tools.run.lines import PtyLine
from tools.scenario.compile import write_config
from tools.scenario.model import Scenario
from tools.sim.runtime import HEAP_BYTES, command, environment, mpy_format

SPEED = 10.0
"""Times real time, to save the developer's."""


class ProcessUut(Uut):
    """A unit of a scenario on a pty. MicroPython speaks over its console, as a board does on USB.

    Its store stays between starts.
    """

    paced = False

    def __init__(
        self,
        runtime: str,
        folder: Path,
        scenario: Scenario,
        unit: UnitKey,
        speed: float = SPEED,
    ) -> None:
        super().__init__(runtime, secrets.token_bytes(32))
        self._command = command(runtime, HEAP_BYTES)
        self._line = PtyLine()
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None
        folder.mkdir(parents=True, exist_ok=True)
        key = folder / "made.key"
        key.touch(mode=0o600)
        key.write_bytes(self.key)
        if runtime == "micropython":
            write_board_files(scenario, unit, key, folder / "sources")
            compile_folder(folder / "sources", folder, mpy_format())
            config = folder / "unit.json"
            values = json.loads(config.read_text()) | {"speed_milli": round(speed * 1000)}
            config.write_text(json.dumps(values))
            self._command += ["main.py"]
            self._options = {
                "stdin": self._line.master, "stdout": self._line.master, "cwd": folder,
                "env": {"MICROPYPATH": ".:.frozen"},
            }  # fmt: skip
        else:
            config = write_config(scenario, unit, folder, self._line.unit_link, key, speed, True)
            self._command += ["-m", "firmware", str(config)]
            self._options = {
                "stdin": subprocess.PIPE, "env": environment(),
                "pass_fds": self._line.descriptors,
            }  # fmt: skip

    @property
    def url(self) -> str:
        """See Uut."""
        return self._line.ground_link

    def start(self) -> None:
        """See Uut."""
        self._process = subprocess.Popen(self._command, stderr=subprocess.PIPE, **self._options)
        self._reader = threading.Thread(target=self._read, args=(self._process,), daemon=True)
        self._reader.start()

    def stop(self) -> None:
        """See Uut."""
        if self._process is not None:
            self.power_cut()
        self._line.close()

    def power_cut(self) -> None:
        """SIGKILL: what is not on the disk is gone."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        if self._process.stdin:
            self._process.stdin.close()
        self._reader.join()
        self._process = None
        self.log.say("(power cut)")

    def power_on(self) -> None:
        """See Uut."""
        self.start()

    def reset(self, peer: Peer) -> None:
        """By command."""
        peer.command(tables.TC_REBOOT)

    def check(self) -> None:
        """See Uut."""
        assert self._process is not None
        assert self._process.poll() is None, f"{self.name} ended with {self._process.returncode}"

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        with process.stderr as stderr:
            for line in stderr:
                self.log.say(line.decode(errors="replace"))
