"""What the ground tells its units now: requests for missing records, acknowledgements."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Final

from ground.model import UnitKey
from ground.stream.commander import MARGIN, Commander
from ground.stream.unit import UnitStream
from protocol.wire import tables, tc

ACKNOWLEDGE_US: Final = 1_000_000
"""Shortest time between two rounds of acknowledgements to one unit."""


@dataclass(frozen=True, slots=True)
class Command:
    """A signed telecommand on its way."""

    link: str
    unit: UnitKey
    data: bytes


class Outgoing:
    """Makes commands from what is on disk; so it is asked right after a commit."""

    def __init__(self, commander: Commander) -> None:
        self._commander = commander
        self._acknowledged_us: dict[UnitKey, int] = {}

    def commands(self, streams: Iterable[UnitStream], now_us: int) -> list[Command]:
        """All that may be sent at this ground time."""
        out = []
        for stream in streams:
            if not stream.silent and self._commander.knows(stream.unit, stream.current):
                packets = [*self._requests(stream, now_us), *self._acknowledge(stream, now_us)]
                out += [Command(stream.link, stream.unit, packet) for packet in packets]
        return out

    def _requests(self, stream: UnitStream, now_us: int) -> list[bytes]:
        request = stream.refill.next(stream.on_board(), now_us)
        if request is None:
            return []
        values = (request.boot, request.first, request.last)
        request.counter, packet = self._commander.build(
            stream.unit, tables.TC_RETRIEVE, values, tc.ACK_ALL
        )
        return [packet]

    def _acknowledge(self, stream: UnitStream, now_us: int) -> list[bytes]:
        if now_us - self._acknowledged_us.get(stream.unit, 0) < ACKNOWLEDGE_US:
            return []
        packets = [
            self._commander.build(stream.unit, tables.TC_COMMIT, values, tc.ACK_NONE)[1]
            for values in islice(stream.acknowledgements(), MARGIN - 1)  # and one request
        ]
        if packets:
            self._acknowledged_us[stream.unit] = now_us
        return packets
