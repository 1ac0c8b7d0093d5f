"""A unit at the end of any pyserial URL, which others have started: a board."""

from __future__ import annotations

import subprocess

from hil_tests.support.peer import Peer
from hil_tests.support.uut.base import CannotError, Uut
from protocol.wire import tables

COMMAND_S = 60
RESETS = ("command", "dtr", "rts")
"""What resets a board, where nothing outside (`--reset-cmd`) does."""


class BoardUut(Uut):
    """A board that runs already. `reset_cmd` is a shell command that takes its power away for a
    moment (a switched USB hub, a relay); `{url}` in it is the board's.
    """

    def __init__(
        self,
        url: str,
        key: bytes,
        time_scale: float | None = None,
        reset_by: str = "command",
        reset_cmd: str | None = None,
    ) -> None:
        super().__init__(url, key, time_scale)
        self._url = url
        self._reset_by = reset_by
        self._reset_cmd = reset_cmd

    @property
    def url(self) -> str:
        """See Uut."""
        return self._url

    def start(self) -> None:
        """It runs already."""

    def stop(self) -> None:
        """It runs on."""

    def power_cut(self) -> None:
        """By the command of `--reset-cmd`, which also gives it power again."""
        if self._reset_cmd is None:
            raise CannotError(f"{self.name}: nothing switches its power; give --reset-cmd")
        self.log.say(f"(power cut: {self._reset_cmd})")
        command = self._reset_cmd.replace("{url}", self._url)
        done = subprocess.run(
            command, shell=True, capture_output=True, text=True, timeout=COMMAND_S, check=False
        )
        assert done.returncode == 0, f"--reset-cmd {command}: {done.returncode}, {done.stderr}"

    def power_on(self) -> None:
        """The command did it."""

    def reset(self, peer: Peer) -> None:
        """By what the options say."""
        if self._reset_cmd is not None:
            self.power_cut()
        elif self._reset_by == "command":
            peer.command(tables.TC_REBOOT)
        else:
            peer.port.pulse(self._reset_by)

    def check(self) -> None:
        """Its silence shows it."""
