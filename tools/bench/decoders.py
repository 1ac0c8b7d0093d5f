"""Other ways to decode the same housekeeping packets, and the barest loop that stores them."""

from __future__ import annotations

import io
import logging
import sqlite3
import time
from binascii import crc32
from collections.abc import Callable
from pathlib import Path
from struct import Struct

from protocol.schema.layout import BODIES
from protocol.schema.packet import TM
from protocol.wire import cobs
from protocol.wire.crc import packet_check
from protocol.wire.tables import SCHEMA_HASH
from protocol.wire.tm import HEADER
from tools.bench.stream import KIND

_BODY = BODIES[KIND][1].format.lstrip(">")
WHOLE = Struct(HEADER + _BODY + "H")
BATCH = 5_000
"""Packets of one transaction of the bare loop."""


def peers(packets: list[bytes]) -> tuple[dict[str, dict[str, float]], list[str]]:
    """`decode_packets_per_s` of each decoder, and words for what is not installed."""
    construct = TM["housekeeping"]
    compiled = construct.compile()
    few = packets[: max(len(packets) // 20, 1)]
    ways: dict[str, tuple[Callable[[], object], int]] = {
        "construct": (lambda: [construct.parse(p) for p in few], len(few)),
        "construct_compiled": (lambda: [compiled.parse(p) for p in few], len(few)),
        "struct": (lambda: [WHOLE.unpack(p) for p in packets], len(packets)),
        "struct_and_crc": (
            lambda: [WHOLE.unpack(p) for p in packets if packet_check(p) == 0],
            len(packets),
        ),
    }
    notes = []
    try:
        from spacepackets.ecss.tm import PusTm  # noqa: PLC0415 - a tool of the tests
    except ImportError:
        notes.append("spacepackets is not installed: make setup-dev")
    else:
        ways["spacepackets"] = (
            lambda: [PusTm.unpack(p, timestamp_len=7) for p in few], len(few),
        )  # fmt: skip
    try:
        ways["ccsdspy_without_crc"] = (_ccsdspy(packets), len(packets))
    except ImportError:
        notes.append("ccsdspy is not installed: make setup-dev")
    rates = {name: {"decode_packets_per_s": rate(*way)} for name, way in ways.items()}
    return rates, notes


def _ccsdspy(packets: list[bytes]) -> Callable[[], object]:
    import ccsdspy  # noqa: PLC0415 - a tool of the tests

    bits = [("pus", 8), ("service", 8), ("subtype", 8), ("type_count", 16), ("destination", 16)]
    bits += [("coarse", 32), ("fine", 24), ("boot_id", 16), ("record", 32)]
    fields = [ccsdspy.PacketField(name=n, data_type="uint", bit_length=b) for n, b in bits]
    for name, code in zip(BODIES[KIND][2], _BODY, strict=True):
        kind = "int" if code.islower() else "uint"
        size = 8 * Struct(">" + code).size
        fields.append(ccsdspy.PacketField(name=name, data_type=kind, bit_length=size))
    fields.append(ccsdspy.PacketField(name="crc", data_type="uint", bit_length=16))
    layout = ccsdspy.FixedLength(fields)
    joined = b"".join(packets)
    logging.getLogger("ccsdspy").setLevel(logging.ERROR)  # it tells of each wrap of the count
    return lambda: layout.load(io.BytesIO(joined), include_primary_header=True)


def rate(work: Callable[[], object], count: int) -> float:
    """Packets a second, the best of three runs."""
    spent = []
    for _ in range(3):
        start = time.perf_counter()
        work()
        spent.append(time.perf_counter() - start)
    return round(count / min(spent))


def bare_loop(frames: list[bytes], path: Path) -> float:
    """COBS, both CRCs, unpack, four limits, and raw packets in fsynced batches: nothing else."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("CREATE TABLE raw (data BLOB)")
    over = 0
    start = time.perf_counter()
    for at in range(0, len(frames), BATCH):
        rows = []
        for framed in frames[at : at + BATCH]:
            data = cobs.decode(framed)
            packet = data[:-4]
            if crc32(packet, SCHEMA_HASH) != int.from_bytes(data[-4:], "big"):
                continue
            if packet_check(packet):
                continue
            values = WHOLE.unpack(packet)
            over += values[14] < 950_000 or values[15] < 900_000
            over += not -60_000 <= values[17] <= 80_000 or not -60_000 <= values[18] <= 80_000
            rows.append((packet,))
        db.execute("BEGIN")
        db.executemany("INSERT INTO raw VALUES (?)", rows)
        db.execute("COMMIT")
    spent = time.perf_counter() - start
    db.close()
    return round(len(frames) / spent)
