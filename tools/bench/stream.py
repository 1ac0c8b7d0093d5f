"""Housekeeping of made-up units for benchmarks: whole packets with noise, made as one array."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ground.model import UnitKey
from ground.receive.checks import packet_checks
from ground.receive.run import Table, layout_of
from protocol.schema.layout import BODIES
from protocol.schema.timescale import from_unix_us, utc_to_tai_us
from protocol.wire import cuc, frame, tables, tm
from protocol.wire.crc import packet_check

VEHICLE: Final = "bench"
KIND: Final = (3, 25)
"""Service and subtype of housekeeping."""
NOISE_PA: Final = 20.0
NOISE_K: Final = 0.02
ORBIT_S: Final = 5_550.0
SWING_K: Final = {"t_outer": 5.0, "t_middle": 3.0, "t_inner": 1.0}
LAG_S: Final = 60.0
"""Of the gas behind the glass."""

Floats = NDArray[np.float64]


def unit_key(number: int) -> UnitKey:
    """The unit of a number from 0 on."""
    return UnitKey(VEHICLE, f"w{number + 1}")


def tai_us(time_us: int) -> int:
    """UTC in the time scale of packet headers."""
    return utc_to_tai_us(from_unix_us(time_us))


def boot(number: int, time_us: int, record: int = 0) -> bytes:
    """Who a unit is. `time_us` is UTC."""
    name = (VEHICLE.encode(), f"w{number + 1}".encode())
    values = (*name, tables.SCHEMA_HASH, b"bench", 0, 0, 3, 2_500_000, 0, b"bench", b"\1")
    return report(number, tables.TM_BOOT, time_us, record, values)


def report(
    number: int, packet: int, time_us: int, record: int, values: tuple[int | bytes, ...]
) -> bytes:
    """A packet of the unit of a number: the type is an index of tables.py."""
    buffer = bytearray(frame.MAX_PACKET)
    coarse, fine = cuc.from_us(tai_us(time_us))
    size = tm.pack(buffer, packet, number + 1, 1, coarse, fine, 0, 1, record, values)
    return bytes(buffer[:size])


def housekeeping(
    number: int, first_us: int, step_us: int, count: int, record: int = 1, seed: int = 1
) -> Table:
    """Packets of a unit from a record on, one a step, `first_us` the first's UTC."""
    rng = np.random.default_rng([seed, number, record])
    _, body, names = BODIES[KIND]
    table = np.zeros(count, layout_of(body, names))
    records = np.arange(record, record + count)
    times_us = tai_us(first_us) + step_us * np.arange(count)
    fine = (times_us % 1_000_000 << 24) // 1_000_000
    table["packet_id"], table["sequence"] = 0x0800 | number + 1, 0xC000 | records & 0x3FFF
    table["length"], table["pus"] = table.itemsize - 7, tm.PUS_VERSION << 4 | cuc.STATUS_TAI
    table["service"], table["subtype"] = KIND
    table["type_count"], table["boot_id"], table["record"] = records & 0xFFFF, 1, records
    table["coarse"], table["fine_high"], table["fine_low"] = (
        times_us // 1_000_000, fine >> 16, fine & 0xFFFF,
    )  # fmt: skip
    time_s: Floats = first_us / 1e6 + step_us / 1e6 * np.arange(count, dtype=np.float64)
    for name, sensor in _window(time_s, rng).items():
        table[f"body_{name}"] = np.round(sensor).astype(np.int64)
    table["body_structure_id"], table["body_impacts"] = 1, 0
    table["body_ae1_crossings"] = rng.integers(0, 3, count)
    table["body_ae_health"] = table["body_sensor_health"] = 63
    table["body_stored_bytes"], table["body_heap_free"] = 40_000, 90_000
    rows = np.frombuffer(table.tobytes(), np.uint8).reshape(count, table.itemsize)
    table["crc"] = packet_checks(rows[:, :-2])
    return table


def _window(time_s: Floats, rng: np.random.Generator) -> dict[str, Floats]:
    """A quiet window on its orbit, raw: panes swing, the gas of a gap follows those around it."""
    swing = 2 * np.pi / ORBIT_S
    late = np.arctan(swing * LAG_S)
    celsius = {
        name: 10 + 5 * k + deep * np.sin(swing * time_s)
        for k, (name, deep) in enumerate(SWING_K.items())
    }
    made = {name: 1000 * (t + rng.normal(0, NOISE_K, len(t))) for name, t in celsius.items()}
    outer, middle, inner = SWING_K.values()
    for gap, deep in (
        ("p_gap1", outer + middle),
        ("p_gap2", middle + inner),
        ("p_cabin", 2 * inner),
    ):
        gas_k = 293.15 + deep / 2 * np.cos(late) * np.sin(swing * time_s - late)
        pressure_pa = 101_325 * gas_k / 293.15 + rng.normal(0, NOISE_PA, len(time_s))
        made[gap] = 10 * pressure_pa
    return made


def with_reports(number: int, table: Table, first_us: int, step_us: int) -> list[bytes]:
    """Housekeeping as units send it: a time report after every fifth, the boot packet each 30."""
    found: list[bytes] = []
    record = 1
    for k, packet in enumerate(packets(table)):
        time_us = first_us + k * step_us
        found.append(_renumbered(packet, record))
        if k % 5 == 4:
            found.append(report(number, tables.TM_TIME, time_us, record + 1, (time_us,)))
        if k % 30 == 29:
            found.append(boot(number, time_us, record + 2))
        record = 1 + len(found)
    return found


def _renumbered(packet: bytes, record: int) -> bytes:
    changed = bytearray(packet[:-2])
    changed[2:4] = (0xC000 | record & 0x3FFF).to_bytes(2, "big")
    changed[22:26] = record.to_bytes(4, "big")
    return bytes(changed) + packet_check(changed).to_bytes(2, "big")


def packets(table: Table) -> list[bytes]:
    """Each as bytes."""
    octets, size = table.tobytes(), table.itemsize
    return [octets[at : at + size] for at in range(0, len(octets), size)]
