"""How fast the ground station takes packets in: durable, assessed, and there for reports.

Units on serial lines, or over a broker, have more to send than the ground can take: it catches up.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Final

from ground.archive.archive import Archive
from ground.archive.history import history
from ground.clock import SECOND_US, SteadyClock
from ground.fleet import Fleet
from ground.links.port import READ_MAX
from ground.model import Chunk
from ground.receive.packets import split_runs
from ground.receive.run import Run, Table
from ground.service import BATCH_MAX, BATCH_S
from ground.station import Station
from ground.summary import summary
from ground.verdict.assessor import Assessor
from protocol.wire import frame
from protocol.wire.frame import encode
from tools.bench import stream
from tools.bench.decoders import bare_loop, peers, rate
from tools.bench.result import Result

PACKETS: Final = 400_000
UNITS: Final = 8
MESSAGE: Final = 100
"""Packets of an MQTT message."""
FEW: Final = 20
"""One of so many packets for what is slow."""


def run(packets: int | None = None) -> Result:
    """Measure with so many packets."""
    each = max((packets or PACKETS) // UNITS, 2)
    begin_us = SteadyClock()() - each * SECOND_US
    made = [
        [stream.boot(k, begin_us), *stream.packets(_housekeeping(k, begin_us, each - 1))]
        for k in range(UNITS)
    ]
    few = [unit[: max(each // FEW, 2)] for unit in made]
    mixed = [
        [
            stream.boot(k, begin_us),
            *stream.with_reports(
                k, _housekeeping(k, begin_us, each // 4 + 1), begin_us + SECOND_US, SECOND_US
            ),
        ]
        for k in range(UNITS)
    ]
    with tempfile.TemporaryDirectory(prefix="panewatch-bench-") as folder:
        path = Path(folder)
        serial, cpu = _taken(path / "serial.sqlite", list(_lines(made)), UNITS * each)
        other = {
            "mqtt": (list(_messages(made, MESSAGE)), UNITS * each),
            "mixed": (list(_lines(mixed)), sum(map(len, mixed))),
            "singly": (list(_messages(few, 1)), sum(map(len, few))),
        }
        figures = {
            "packets_per_s": serial,
            "packets_per_cpu_s": cpu,
            **{
                f"{name}_packets_per_s": _taken(path / f"{name}.sqlite", *what)[0]
                for name, what in other.items()
            },
            "rebuild_packets_per_s": _rebuilt(path / "serial.sqlite", UNITS * each),
            "decode_packets_per_s": _decoded(made[0][1:]),
        }
        others, notes = peers(made[0][1:])
        framed = [encode(p).strip(b"\0") for p in made[0][1:]]
        others["bare_loop"] = {"packets_per_s": bare_loop(framed, path / "bare.sqlite")}
    notes.append(
        f"{UNITS} units, {UNITS * each} housekeeping packets of {len(made[0][1])} bytes and 22 "
        f"parameters; serial frames in reads of {READ_MAX} bytes, MQTT messages of {MESSAGE}; "
        "mixed: with time reports and boot packets between; singly: one packet a message"
    )
    return Result("ingest", figures, others, notes)


def _housekeeping(number: int, begin_us: int, count: int) -> Table:
    return stream.housekeeping(number, begin_us + SECOND_US, SECOND_US, count)


def _lines(made: Sequence[Sequence[bytes]]) -> Iterator[Chunk]:
    """What reads of serial lines give, line by line in turn."""
    streams = [b"".join(map(frame.encode, unit)) for unit in made]
    reads = (
        [
            Chunk(f"line{k}", 0, data[at : at + READ_MAX], framed=True)
            for at in range(0, len(data), READ_MAX)
        ]
        for k, data in enumerate(streams)
    )
    return (c for turn in zip_longest(*reads) for c in turn if c is not None)


def _messages(made: Sequence[Sequence[bytes]], size: int) -> Iterator[Chunk]:
    """Messages of a broker, unit by unit in turn."""
    messages = (
        [
            Chunk("mqtt", 0, b"".join(unit[at : at + size]), False, stream.unit_key(k))
            for at in range(0, len(unit), size)
        ]
        for k, unit in enumerate(made)
    )
    return (c for turn in zip_longest(*messages) for c in turn if c is not None)


def _taken(path: Path, waiting: Sequence[Chunk], count: int) -> tuple[float, float]:
    """Packets a second of wall and of processor time; raises RuntimeError when any is missing."""
    clock = SteadyClock()
    archive = Archive(path)
    station = Station(archive, Fleet(), Assessor)
    station.start(clock())
    station.commit()
    start, begun = time.perf_counter(), time.process_time()
    feed(station, waiting, clock)
    spent, worked = time.perf_counter() - start, time.process_time() - begun
    if summary(station)["packets"] != count:
        raise RuntimeError(f"the report counts {summary(station)['packets']} of {count} packets")
    for k in range(UNITS):
        stored = archive.blocks_of(stream.unit_key(k), "housekeeping", 0, 2**62)
        values = sum(len(block.ident) for block in stored)
        found = history(archive, stream.unit_key(k), "p_gap2", 0, 2**62)
        if not values or len(found) != values:
            raise RuntimeError(f"the history of {stream.unit_key(k)} has {len(found)} values")
    archive.close()
    return round(count / spent), round(count / worked)


def feed(station: Station, chunks: Sequence[Chunk], clock: SteadyClock) -> None:
    """As ground/service.py does: batches by number and by time, a tick a second."""
    due_us = commit_us = clock()
    taken = 0
    for chunk in chunks:
        now_us = clock()
        if now_us >= due_us:
            station.tick(now_us)
            due_us = now_us - now_us % SECOND_US + SECOND_US
        station.receive(Chunk(chunk.link, now_us, chunk.data, chunk.framed, chunk.unit))
        taken += 1
        if taken == BATCH_MAX or now_us - commit_us > BATCH_S * 1e6:
            station.commit()
            commit_us, taken = now_us, 0
    if not station.commit().stored:
        raise RuntimeError("the disk is full")


def _rebuilt(path: Path, count: int) -> float:
    archive = Archive(path)
    start = time.perf_counter()
    station = Station(archive, Fleet(), Assessor)
    spent = time.perf_counter() - start
    if sum(s.packets for s in station.streams.values()) != count:
        raise RuntimeError("the archive gives back another number of packets")
    archive.close()
    return round(count / spent)


def _decoded(packets: list[bytes]) -> float:
    joined = b"".join(packets)

    def decode() -> None:
        found, _ = split_runs(joined)
        for run in found:
            if isinstance(run, Run):
                _ = run.time_us

    return rate(decode, len(packets))
