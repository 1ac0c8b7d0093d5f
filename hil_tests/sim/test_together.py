"""Packets that come together are taken in as if singly: archive, alarms, report, restart."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ground import taking
from ground.archive.archive import Archive
from ground.archive.entries import JournalRow, StoredPacket
from ground.fleet import Fleet
from ground.model import Chunk, UnitKey
from ground.receive.packets import split_runs
from ground.receive.run import Run
from ground.station import Station
from ground.stream.intake import Identified, IdentifiedRun
from ground.summary import summary
from ground.verdict.assessor import Assessor
from hil_tests.sim.fake_unit import FakeUnit
from protocol.wire import frame

T0 = 1_762_214_400_000_000
TAI_OF_T0 = 184_377_600_000_000 + 37_000_000
S = 1_000_000
KEYS = (UnitKey("sz20", "w1"), UnitKey("sz21", "w1"))


class Singly(Station):
    """Takes every packet the long way."""

    def accept_all(self, items: Sequence[Identified | IdentifiedRun]) -> None:
        for item in items:
            for one in item.singly() if isinstance(item, IdentifiedRun) else [item]:
                self.accept(one)


@dataclass
class Weather:
    """A unit whose window lives through something, with housekeeping of its own making."""

    unit: FakeUnit
    rng: random.Random
    leak_from: int = 10**9
    thermal_from: int = 10**9
    stuck_from: int = 10**9
    unhealthy: set[int] = field(default_factory=set)
    cabin_pa: float = 101_325
    seconds: int = 0

    def housekeeping(self) -> bytes:
        k, rng = self.seconds, self.rng
        fall = 0.99 ** max(k - self.leak_from, 0)
        heat = 40 * min(max(k - self.thermal_from, 0), 200)
        pressures = [
            max(0, round(10 * (p + rng.gauss(0, 20))))
            for p in (101_325, 101_000 * fall, self.cabin_pa)
        ]
        celsius = [
            10_000 + heat + 50 * (k if k < self.stuck_from else self.stuck_from) % 7
            + (rng.randrange(-20, 20) if k < self.stuck_from else 0)
            for _ in range(3)
        ]  # fmt: skip
        health = 0x3F & ~(1 if k in self.unhealthy else 0)
        return self.unit.make(
            "housekeeping", 1, *pressures, *celsius, 0, 0, 0, 0, 0, rng.randrange(3), 0x3F,
            health, 0, 0, 0, 0, 0, 0, 0,
        )  # fmt: skip


def story(seed: int, tai: bool) -> list[Chunk]:
    """What two units send over a serial line and a broker, with all that can go wrong."""
    rng = random.Random(seed)
    chunks: list[Chunk] = []
    units = [FakeUnit(tai_base_us=TAI_OF_T0 if tai else None) for _ in KEYS]
    units[1].vehicle, units[1].apid = "sz21", 2
    lives = [Weather(unit, rng) for unit in units]
    lives[0].leak_from = rng.choice([40, 150, 10**9])
    lives[1].thermal_from, lives[1].stuck_from = rng.choice([(60, 10**9), (10**9, 90)])
    lives[1].cabin_pa = rng.choice([101_325, 90_000])  # the second at a limit, with its noise
    lives[0].unhealthy = set(range(start := rng.randrange(300), start + 20))
    sent: list[list[bytes]] = [[], []]
    now = 0
    while now < 1500:
        count = rng.choice([1, 3, 10, 30, 60])
        for which, (unit, life) in enumerate(zip(units, lives, strict=True)):
            packets = []
            for k in range(count):
                unit.now, life.seconds = (now + k) * S + rng.randrange(1000), now + k
                if unit.next_record == 0 or rng.random() < 0.005:
                    packets.append(unit.boot())
                packets.append(life.housekeeping())
                if rng.random() < (0.2 if seed % 2 and not tai else 0):
                    packets.append(rng.choice([unit.time, unit.storage, unit.boot])())
                if rng.random() < 0.01:
                    packets.append(rng.choice([unit.time, unit.storage, unit.hit, unit.alive])())
                if rng.random() < 0.002:
                    unit.reboot()
            sent[which] += packets
            if rng.random() < 0.1:  # lost now, sent again late
                packets = packets[: len(packets) // 2]
            if rng.random() < 0.1:  # doubles, and late ones
                packets += rng.sample(sent[which], min(20, len(sent[which])))
            if rng.random() < 0.05:
                packets += sent[which][-40:]
            if rng.random() < 0.05:
                rng.shuffle(packets)
            received_us = T0 + (now + count) * S + rng.randrange(S)
            framed = which == 0
            data = b"".join(frame.encode(p) if framed else p for p in packets)
            if rng.random() < 0.2 and data:
                at = rng.randrange(len(data))
                data = data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]
            cuts = sorted({0, len(data), *(rng.randrange(len(data) + 1) for _ in range(which ^ 1))})
            for first, end in pairwise(cuts):
                key = None if framed else KEYS[which]
                chunks.append(Chunk(f"line{which}", received_us, data[first:end], framed, key))
        now += count + rng.choice([0, 0, 0, 0, 3, 400])
    return chunks


def lived(
    kind: type[Station], path: Path, chunks: list[Chunk], seed: int
) -> tuple[Station, list[dict[UnitKey, str]]]:
    """The station at its end, and what it heard last of each unit after each chunk."""
    rng = random.Random(seed)
    station = kind(Archive(path), Fleet(), Assessor)
    station.start(T0)
    assert isinstance(station.assessor, Assessor)
    heard = []
    for chunk in chunks:
        station.receive(chunk)
        heard.append({unit: watch.heard for unit, watch in station.assessor._watches.items()})
        if rng.random() < 0.1:
            station.tick(station.now_us + rng.randrange(2 * S))
        if rng.random() < 0.2:
            station.commit()
    station.stop(station.now_us + S)
    return station, heard


def known(station: Station) -> dict[str, Any]:
    """All that is concluded, and all that the streams and the journal hold."""
    a = station.assessor
    return {
        "alarms": list(a.alarms),
        "findings": list(a.findings),
        "leaks": list(a.leaks),
        "impacts": list(a.impacts),
        "vehicles": list(a.vehicles),
        "latest": {unit: dict(a.latest[unit]) for unit in a.latest},
        "streams": {
            unit: (
                s.packets, s.holes(), s.current, s.silent, s.live_onboard_us, s.live_received_us,
                {k: (b.records.newest, b.frontier, b.frontier_time) for k, b in s.boots.items()},
                s.correlation and (s.correlation.rate, s.correlation.offset_s),
            )
            for unit, s in station.streams.items()
        },
    }  # fmt: skip


def monitors(station: Station) -> dict[UnitKey, Any]:
    """What each unit's monitors carry on, to the last bit."""
    assert isinstance(station.assessor, Assessor)
    found = {}
    for unit, watch in station.assessor._watches.items():
        gas = watch.leaks._gas
        found[unit] = (
            watch.heard,
            {name: list(recent) for name, recent in watch.limits._recent.items()},
            (watch.sensors._last, watch.sensors._same, watch.sensors.faults),
            (watch.leaks.utc_us, watch.leaks._time_us, None if gas is None else gas.gas_k.tolist()),
            {
                name: (
                    len(v._line), v._line._added, v._line._t, v._line._ty, v._suspect,
                    v._settled_s, v.leaking, v.fit,
                    v._samples.rows.tolist(), watch.leaks._heat[name]._past.rows.tolist(),
                )
                for name, v in watch.leaks.volumes.items()
            },
        )  # fmt: skip
    return found


def entries(station: Station) -> list[StoredPacket | JournalRow]:
    return list(station.archive.entries())


@pytest.fixture
def together(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How many packets each run that was taken at once had."""
    taken: list[int] = []
    plain = taking.take_together

    def counted(station: Station, items: Sequence[Any]) -> tuple[int, int]:
        whole, count = plain(station, items)
        taken.append(count)
        return whole, count

    monkeypatch.setattr(taking, "take_together", counted)
    yield taken


@pytest.mark.parametrize("tai", [True, False])
@pytest.mark.parametrize("seed", range(6))
def test_together_or_singly_is_the_same(
    tmp_path: Path, seed: int, tai: bool, together: list[int]
) -> None:
    chunks = story(seed, tai)
    fast, fast_heard = lived(Station, tmp_path / "fast.db", chunks, seed)
    slow, slow_heard = lived(Singly, tmp_path / "slow.db", chunks, seed)
    assert sum(together) > 20, "the story has runs that are taken at once"
    assert entries(fast) == entries(slow)
    assert fast_heard == slow_heard
    assert known(fast) == known(slow)
    assert monitors(fast) == monitors(slow)
    assert summary(fast) == summary(slow)
    live = known(fast)
    for station in (fast, slow):
        station.archive.close()
    again = Station(Archive(tmp_path / "slow.db"), Fleet(), Assessor)
    assert known(again) == live
    assert monitors(again) == monitors(slow)
    again.archive.close()
    singly = Singly(Archive(tmp_path / "fast.db"), Fleet(), Assessor)
    assert known(singly) == live
    singly.archive.close()


def test_a_message_is_cut_into_runs_and_single_packets_of_the_same_bytes() -> None:
    rng, unit = random.Random(3), FakeUnit()
    life = Weather(unit, rng)
    for _ in range(50):
        packets = [
            life.housekeeping() if rng.random() < 0.95 else unit.time()
            for _ in range(rng.randrange(80))
        ]
        data = bytearray(b"".join(packets))
        broken = rng.random() < 0.5 and len(data) > 0
        if broken:
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        found, rest = split_runs(bytes(data))
        one_by_one = [p for f in found for p in (f.packets() if isinstance(f, Run) else [f])]
        assert b"".join(one_by_one) + rest == data
        assert one_by_one == packets[: len(one_by_one)]
        assert broken or not rest
        for run in (f for f in found if isinstance(f, Run)):
            assert np.array_equal(run.time_us, np.array(run.time_us))


CRASH = """
import os, sys
from pathlib import Path
from ground import taking
from ground.archive.archive import Archive
from ground.fleet import Fleet
from ground.model import Chunk
from ground.station import Station
from ground.verdict.assessor import Assessor
from tools.bench import stream
station = Station(Archive(Path(sys.argv[1])), Fleet(), Assessor)
now_us = 1_762_214_400_000_000
station.start(now_us)
unit = stream.unit_key(0)
station.receive(Chunk("m", now_us, stream.boot(0, now_us), False, unit))
record = 1
while True:
    for size in (1, 3, 40, 400):
        table = stream.housekeeping(0, now_us + record * 1_000_000, 1_000_000, size, record)
        record += size
        station.receive(Chunk("m", now_us, table.tobytes(), False, unit))
        if station.commit().stored:
            print(record, flush=True)
"""


@pytest.mark.parametrize("lines", [1, 7, 60])
def test_killed_while_it_writes_it_has_all_that_it_acknowledged(tmp_path: Path, lines: int) -> None:
    path = tmp_path / "a.db"
    program = subprocess.Popen(
        [sys.executable, "-c", CRASH, str(path)], stdout=subprocess.PIPE, text=True, cwd=Path.cwd()
    )
    assert program.stdout is not None
    told = [int(program.stdout.readline()) for _ in range(lines)]
    os.kill(program.pid, 9)
    told += [int(line) for line in program.stdout.read().splitlines() if line]
    program.wait()
    station = Station(Archive(path), Fleet(), Assessor)
    (stream,) = station.streams.values()
    assert stream.packets >= told[-1]
    assert stream.count(lost=False) == 0
    assert summary(station)["packets"] == stream.packets
    stored = [e for e in entries(station) if isinstance(e, StoredPacket)]
    assert [e.record for e in stored] == list(range(stream.packets))
    station.archive.close()
