"""A unit of `bench latency`, in a process of its own: housekeeping at a rate, hits between.

Its order, one JSON line on standard input, is `{"link", "rate", "hits", "seed"}`. It sends through
the unit's own link code, at the unit's own steps. One JSON line on standard output ends it.
"""

from __future__ import annotations

import asyncio
import json
import math
import random
import sys
import time
from typing import Any, Final

from firmware.links.cpython import open_link
from firmware.links.mqtt import MqttLink
from firmware.links.port import PortLink
from firmware.links.stream import StreamLink
from ground.fleet import ACOUSTIC, Window
from protocol.wire import frame, tables
from tools.bench import stream

STEP_S: Final = 0.02
"""A unit looks at its window at each step (STEP_US of the firmware)."""
CAPTURE_S: Final = 0.0008
"""A hit is known so long after its first crossing."""
SPACING_S: Final = (0.06, 0.18)
"""From one hit to the next."""
WARM_UP_S: Final = 3.0
"""Housekeeping before the first hit."""
RING: Final = Window(stream.unit_key(0).unit, 1)
PLACE_MM: Final = (31.0, -42.0)
PEAK_CDB: Final = 6_000
BIT_RATE: Final = 115_200
"""Of a real line; a byte takes ten bits."""


def hit(time_us: int, record: int) -> bytes:
    """A hit whose first crossing was at `time_us`, UTC; it can be located."""
    away_us = [math.dist(PLACE_MM, s) / RING.velocity_m_s * 1e3 for s in RING.sensors]
    features: list[int | bytes] = []
    for one_us in away_us:
        features += [round(10 * (one_us - min(away_us))), PEAK_CDB, 100, 1_000, 50, 1_000]
    heard = (1 << len(ACOUSTIC)) - 1
    head = (stream.tai_us(time_us), heard, heard, 0, 0, 0, 0, 0, 0)
    return stream.report(0, tables.TM_HIT, time_us, record, (*head, *features))


def wire_ms() -> float:
    """How long a hit is on a real line."""
    return 1e4 * len(frame.encode(hit(time.time_ns() // 1000, 1))) / BIT_RATE


class Source:
    """Makes packets in the order of their records and gives them to a link."""

    def __init__(self, link: StreamLink | MqttLink | PortLink, rate: int, seed: int) -> None:
        self._link, self._rate = link, rate
        self._rng = random.Random(seed)
        self._record = 0
        self._base_us = time.time_ns() // 1000 - time.monotonic_ns() // 1000
        self.sent: list[tuple[int, int, int]] = []
        """Of each hit: UTC of its first crossing, and (monotonic) when that was, and when the
        packet was given to the link; µs."""

    async def run(self, hits: int) -> None:
        """So many hits; ends when the link has taken the last packet."""
        await self._send(stream.boot(0, self._utc_us(_now_us()), self._next()))
        begun_s = time.monotonic()
        crossing_s = begun_s + WARM_UP_S
        made = steps = 0
        while len(self.sent) < hits:
            steps += 1
            await asyncio.sleep(max(begun_s + steps * STEP_S - time.monotonic(), 0))
            due = round(steps * STEP_S * self._rate) - made
            for packet in self._housekeeping(begun_s + (made + 1) / self._rate, due):
                await self._send(packet)
            made += due
            if crossing_s + CAPTURE_S <= time.monotonic():
                crossed_us = round(crossing_s * 1e6)
                time_us = self._utc_us(crossed_us)
                packet = hit(time_us, self._next())
                given_us = _now_us()
                await self._send(packet)
                self.sent.append((time_us, crossed_us, given_us))
                crossing_s = time.monotonic() + self._rng.uniform(*SPACING_S)

    def _housekeeping(self, first_s: float, count: int) -> list[bytes]:
        """Each made a step after the one before, wherever the loop is: a clock never runs back."""
        first_us, step_us = self._utc_us(round(first_s * 1e6)), round(1e6 / self._rate)
        table = stream.housekeeping(0, first_us, step_us, count, self._record)
        self._record += count
        return stream.packets(table)

    async def _send(self, packet: bytes) -> None:
        while not self._link.send(packet):  # noqa: ASYNC110 (a link gives no sign)
            await asyncio.sleep(STEP_S / 20)
        await asyncio.sleep(0)

    def _next(self) -> int:
        self._record += 1
        return self._record - 1

    def _utc_us(self, monotonic_us: int) -> int:
        return self._base_us + monotonic_us


def _now_us() -> int:
    return time.monotonic_ns() // 1000


async def _beat() -> None:
    """Nobody watches this unit."""


async def main(order: dict[str, Any]) -> None:
    """Do what the order says; it ends with standard input."""
    unit = stream.unit_key(0)
    link = open_link(order["link"], unit.vehicle, unit.unit)
    source = Source(link, order["rate"], order["seed"])
    serving = asyncio.create_task(link.run(lambda _: None, _beat))
    try:
        await source.run(order["hits"])
        print(json.dumps(source.sent), flush=True)
        ended = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
        while not ended.done():  # what the line has taken in part goes on
            link.proceed()
            await asyncio.wait([ended], timeout=STEP_S)
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.stdin.readline())))
