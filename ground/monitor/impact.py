"""A hit report to an impact: where, when, how large, on which pane."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Final

from ground.fleet import ACOUSTIC, Window
from ground.model import Impact, Packet
from ground.monitor.localise import Location, NotLocalisedError, localise
from ground.monitor.size import Peak, particle_size, struck_pane
from protocol.schema.decode import ENTRIES

_ENTRIES: Final = ENTRIES["hit"]
POSITION_DIGITS: Final = 2


def read_impact(
    packet: Packet, window: Window, *, sigma_us: float, faulty: Collection[str]
) -> Impact:
    """The impact that a hit packet reports; sensors that are `faulty` are not heard."""
    raw = packet.decoded.raw
    channels, clipped = int(raw["channels"]), int(raw["saturated"])
    heard = [i for i, name in enumerate(ACOUSTIC) if channels >> i & 1 and name not in faulty]
    sensors = [window.sensors[i] for i in heard]
    place: Location | None = None
    reason = ""
    try:
        place = localise(
            sensors,
            [_scaled(raw, f"{ACOUSTIC[i]}_arrival") for i in heard],
            velocity_m_s=window.velocity_m_s,
            sigma_us=sigma_us,
            radius_mm=window.radius_mm,
        )
    except NotLocalisedError as error:
        reason = error.reason
    peaks = [
        Peak(
            _scaled(raw, f"{ACOUSTIC[i]}_peak"),
            bool(clipped >> i & 1),
            math.dist(sensor, (place.x_mm, place.y_mm)) if place else None,
        )
        for i, sensor in zip(heard, sensors, strict=True)
    ]
    size = particle_size(peaks)
    trigger_us = packet.onboard_us + int(raw["trigger_us"]) - packet.decoded.time_us
    return Impact(
        unit=packet.unit,
        pane=struck_pane(size, saturated=clipped != 0),
        time_us=trigger_us + (round(place.time_us) if place else 0),
        localised=place is not None,
        x_mm=round(place.x_mm, POSITION_DIGITS) if place else None,
        y_mm=round(place.y_mm, POSITION_DIGITS) if place else None,
        ellipse_mm=_rounded(place.ellipse_mm) if place else None,
        saturated=clipped != 0,
        late=packet.late,
        diameter_mm=(size.low_mm, size.high_mm),
        peak_db=max((p.level_db for p in peaks), default=0.0),
        sensors=len(heard),
        received_us=packet.received_us,
        packet=packet.id,
        reason=reason,
    )


def _scaled(raw: Mapping[str, int | bytes], name: str) -> float:
    return int(raw[name]) * _ENTRIES[name].scale


def _rounded(ellipse_mm: tuple[float, float, float]) -> tuple[float, float, float]:
    major, minor, angle = (round(v, POSITION_DIGITS) for v in ellipse_mm)
    return major, minor, angle
