"""An emulated board from an image that the user brings."""

from __future__ import annotations

from contextlib import ExitStack

from hil_tests.support.peer import Peer
from hil_tests.support.uut.base import CannotError, Uut
from protocol.wire import tables
from tools.board.emulator import emulator, missing


class EmulatedUut(Uut):
    """`rp2040py:IMAGE.uf2`: tools/board/emulator.py starts it and tells the URL of its console."""

    first_scale = 30.0

    def __init__(self, name: str, key: bytes, time_scale: float | None) -> None:
        super().__init__(name, key, time_scale)
        self._open = ExitStack()
        self._url = ""

    @staticmethod
    def names(name: str) -> bool:
        """True for what an emulator runs."""
        return name.startswith("rp2040py:")

    @property
    def url(self) -> str:
        """See Uut."""
        return self._url

    def start(self) -> None:
        """Start the emulator; raises CannotError where there is none."""
        if reason := missing(self.name):
            raise CannotError(reason)
        self._url = self._open.enter_context(emulator(self.name))

    def stop(self) -> None:
        """End the emulator."""
        self._open.close()

    def power_cut(self) -> None:
        """End the emulator: its flash file goes with it."""
        raise CannotError(f"{self.name}: an emulated board loses its flash with its power")

    def power_on(self) -> None:
        """Never without power."""

    def reset(self, peer: Peer) -> None:
        """By command."""
        peer.command(tables.TC_REBOOT)

    def check(self) -> None:
        """Its silence shows it."""
