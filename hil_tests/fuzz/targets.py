"""Every parser of foreign bytes, as a function of bytes that must neither raise nor contradict.

`TARGETS[name](data)` is one try. Where a check value would refuse whatever a fuzzer invents, the
target seals the bytes first, as someone would who knows the format.
"""

from __future__ import annotations

import struct
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from firmware.errors import ConfigError
from firmware.session import Session
from firmware.settings import Settings
from firmware.store.ram import RamFiles
from ground.archive.archive import Archive
from ground.model import Chunk
from ground.receive.packets import split, split_runs
from ground.receive.receiver import Receiver
from ground.station import Station
from ground.verdict.assessor import Assessor
from hil_tests.fuzz.evidence import evidence
from hil_tests.fuzz.stored import FLEET, T0, UNIT, S, archive, facts
from hil_tests.support.bench import APID, KEY, Bench
from protocol.schema.decode import DecodeError, decode
from protocol.wire import cobs, frame, tables, tc, tm
from protocol.wire.crc import packet_check
from protocol.wire.events import TASK_EXCEPTION
from protocol.wire.hmac256 import hmac256
from tools.scenario.compile import event_table
from tools.scenario.error import ScenarioError
from tools.scenario.load import parse


def deframer(data: bytes) -> None:
    """Foreign bytes in two pieces: every one is in a frame, in noise, pending or a delimiter."""
    cut = data[0] * len(data) // 255 if data else 0
    line = frame.Deframer()
    found = line.feed(data[:cut]) + line.feed(data[cut:])
    kept = sum(len(raw) for _, raw in found) + len(line._pending)
    assert kept + data.count(cobs.DELIMITER) == len(data)
    packets = [packet for packet, _ in found if packet is not None]
    assert all(frame.whole(packet) for packet in packets)
    receiver = Receiver()
    assert receiver.feed(data[:cut]).packets + receiver.feed(data[cut:]).packets == packets


def framed(data: bytes) -> None:
    """A sealed packet between foreign bytes comes out of the line, and nothing invented."""
    size = data[0] % 64 if data else 0
    packet = _sealed(data[1:])
    line = frame.Deframer()
    found = line.feed(data[:size] + frame.encode(packet) + data[size:])
    assert packet in [made for made, _ in found]


def decoder(data: bytes) -> None:
    """Telemetry whose length and check value hold, whatever else does."""
    for packet in (data, _sealed(data), _sealed(_dressed(data))):
        try:
            decoded = decode(packet)
        except DecodeError as error:
            assert error.data == packet
        else:
            assert decoded.data == packet
    for message in (data, data * 20):  # alike pieces in a row are looked at together
        packets, rest = split(message)
        assert b"".join(packets) + rest == message
        found, left = split_runs(message)
        singly = (p for one in found for p in ([one] if isinstance(one, bytes) else one.packets()))
        assert ([*singly], left) == (packets, rest)


def command(data: bytes) -> None:
    """Commands, sealed and signed with the unit's key, to a whole unit."""
    bench = Bench(store_bytes=1 << 16)
    for counter, piece in enumerate(_pieces(data)):
        unsigned = _sealed(piece)
        tc.parse(unsigned, APID, KEY)
        bench.unit.receive(unsigned)
        bench.unit.receive(_signed(piece, counter))
        bench.run(0.04)
    bench.run(0.2)
    assert decode(bench.packets[0]).name == "boot"
    events = [decode(packet).raw.get("event_id") for packet in bench.packets]
    assert TASK_EXCEPTION not in events


def station(data: bytes) -> None:
    """Telemetry that someone made who knows the format, to a whole ground; its fold agrees."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "archive.sqlite"
        made = Station(Archive(path), FLEET, Assessor)
        made.start(T0)
        now_us = T0
        for piece in _pieces(data):
            now_us += (piece[0] if piece else 0) * S // 16
            packet = _sealed(_dressed(piece[1:]))
            line = Chunk("line", now_us, frame.encode(packet), framed=True)
            topic = Chunk("broker", now_us, packet, framed=False, unit=UNIT)
            made.receive(topic if len(piece) % 2 else line)
            made.tick(now_us)
            made.commit()
        made.stop(now_us)
        before = facts(made)
        made.archive.close()
        again = Archive(path)
        assert facts(Station(again, FLEET, Assessor)) == before
        again.close()


def scenario(data: bytes) -> None:
    """A scenario file: refused with its place, or one that compiles to tables units accept."""
    try:
        story = parse(tomllib.loads(data.decode("utf-8")), "fuzz")
    except (ScenarioError, ValueError, RecursionError):
        return  # ValueError: what tomllib says, which tools/scenario/toml_file.py words
    config = {"version": 1, "vehicle": "sz20", "unit": "w1", "apid": 1, "table": ""}
    for unit in story.units[:2]:
        table = event_table(story, unit)
        settings = Settings(config, live=False)
        bench = Bench()
        Session(settings, bench.unit._board, table, RamFiles(), lambda _: True).step(0)


def configuration(data: bytes) -> None:
    """A unit's configuration and event table, as JSON would give them."""
    try:
        values = tomllib.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        return
    config, table = values.get("config", values), values.get("table", {})
    board = Bench().unit._board
    try:
        settings = Settings(config, live=False)
        Session(settings, board, table, RamFiles(), lambda _: True)
    except ConfigError:
        pass


TARGETS: Final[dict[str, Callable[[bytes], None]]] = {
    t.__name__: t
    for t in (
        deframer,
        framed,
        decoder,
        command,
        station,
        scenario,
        configuration,
        archive,
        evidence,
    )
}


def _pieces(data: bytes) -> Iterator[bytes]:
    """Up to 16 pieces, each behind a byte that tells its size."""
    at = 0
    for _ in range(16):
        if at >= len(data):
            return
        size = data[at]
        yield data[at + 1 : at + 1 + size]
        at += 1 + size


def _sealed(data: bytes) -> bytes:
    """A space packet that begins with these bytes, with the length and the CRC-16 that hold."""
    packet = bytearray(data[: frame.MAX_PACKET - 2].ljust(frame.MIN_PACKET, b"\0"))
    packet[4:6] = (len(packet) + 2 - 7).to_bytes(2, "big")
    return bytes(packet) + packet_check(packet).to_bytes(2, "big")


def _dressed(data: bytes) -> bytes:
    """A telemetry header of a known type before these bytes, which are cut or filled to fit."""
    kind = data[0] % len(tables.TM_SERVICE) if data else 0
    boot = data[1] % 4 if len(data) > 1 else 1
    record = int.from_bytes(data[2:4].ljust(2, b"\0"), "big") >> 8
    header = bytearray(tm.HEADER_SIZE)
    struct.pack_into(
        tm.HEADER, header, 0, 0x0801, 0xC000 | record, 0, tm.PUS_VERSION << 4,
        tables.TM_SERVICE[kind], tables.TM_SUBTYPE[kind], 0, 0, 100 + record, 0, 0, boot, record,
    )  # fmt: skip
    size = tables.TM_BODY_SIZE[kind]
    return bytes(header) + data[4 : 4 + size].ljust(size, b"\0")


def _signed(data: bytes, counter: int) -> bytes:
    """A telecommand of a known type with these bytes as its arguments, signed."""
    index = data[0] % len(tables.TC_SERVICE) if data else 0
    size = struct.calcsize(tables.TC_FORMAT[index])
    body = data[1 : 1 + size].ljust(size, b"\0")
    if len(data) > 2 and data[1] % 8 == 0:
        body = data[2:200]  # of another size than declared
    total = tc.HEADER_SIZE + len(body) + tc.TRAILER_SIZE + 2
    head = struct.pack(
        tc.HEADER, 0x1800 | APID, 0xC000 | counter, total - 7, tc.PUS_VERSION << 4 | tc.ACK_ALL,
        tables.TC_SERVICE[index], tables.TC_SUBTYPE[index], 0,
    )  # fmt: skip
    signed = head + body + counter.to_bytes(4, "big")
    signed += hmac256(KEY, signed)[: tc.MAC_SIZE]
    return signed + packet_check(signed).to_bytes(2, "big")
