"""Telemetry packets made in a test, through the wire contract and back."""

from __future__ import annotations

import math
from collections.abc import Iterable

from ground.fleet import ACOUSTIC, SLOW, Window
from ground.model import Packet, UnitKey
from ground.physics.amplitude import FULL_SCALE_DB, source_db, spreading_db
from protocol.schema import encode
from protocol.schema.decode import ENTRIES, decode
from protocol.schema.telemetry import TELEMETRY
from protocol.schema.timescale import from_unix_us, utc_to_tai_us
from protocol.wire import cuc
from protocol.wire.frame import MAX_PACKET

NAMES = [t.name for t in TELEMETRY]
TEXTS = ("text", "vehicle", "unit", "software", "runtime", "unique_id")
SHIP = UnitKey("sz20", "w1")
WINDOW = Window("w1", 1)
HEALTHY = {"ae_health": 63, "sensor_health": 63}


class Sender:
    """One unit's stream: packets with rising record numbers."""

    def __init__(self, unit: UnitKey = SHIP, boot: int = 1) -> None:
        self.unit, self.boot, self.record = unit, boot, 0

    def packet(
        self,
        name: str,
        time_us: int,
        *,
        received_us: int | None = None,
        late: bool = False,
        **values: int | bytes,
    ) -> Packet:
        tai_us = utc_to_tai_us(from_unix_us(time_us))
        fields = [values.get(n, b"" if n in TEXTS else 0) for n in ENTRIES[name]]
        buffer = bytearray(MAX_PACKET)
        coarse, fine = cuc.from_us(tai_us)
        size = encode.pack(
            buffer,
            NAMES.index(name),
            1,
            cuc.STATUS_TAI,
            coarse,
            fine,
            0,
            self.boot,
            self.record,
            fields,
        )
        self.record += 1
        received = time_us + 100_000 if received_us is None else received_us
        return Packet(self.unit, decode(bytes(buffer[:size])), "test", received, time_us, late)

    def housekeeping(self, time_us: int, slow: dict[str, float], **more) -> Packet:
        scaled = {n: round(slow[n] / ENTRIES["housekeeping"][n].scale) for n in SLOW}
        return self.packet("housekeeping", time_us, **(HEALTHY | scaled | more))

    def hit(
        self,
        time_us: int,
        place: tuple[float, float],
        diameter_mm: float,
        *,
        channels: Iterable[int] = range(6),
        **more,
    ) -> Packet:
        """What the ring reports of an aluminium particle at 10 km/s on the outer pane."""
        away = [math.dist(place, s) for s in WINDOW.sensors]
        first_us = min(away) / WINDOW.velocity_m_s * 1e3
        values: dict[str, int] = {}
        mask = clipped = 0
        for i in channels:
            level = source_db(diameter_mm) - spreading_db(away[i])
            mask |= 1 << i
            clipped |= (level >= FULL_SCALE_DB) << i
            arrival_us = away[i] / WINDOW.velocity_m_s * 1e3 - first_us
            values[f"{ACOUSTIC[i]}_arrival"] = round(arrival_us * 10)
            values[f"{ACOUSTIC[i]}_peak"] = round(min(level, FULL_SCALE_DB) * 100)
        trigger_us = utc_to_tai_us(from_unix_us(time_us)) + round(first_us)
        return self.packet(
            "hit", time_us + 2000, trigger_us=trigger_us, channels=mask, picked=mask,
            saturated=clipped,
            **(values | more),
        )  # fmt: skip
