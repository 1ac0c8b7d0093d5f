"""A hit report to an impact: where, when, how large, on which pane."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Final

import numpy as np

from ground.fleet import ACOUSTIC, Window
from ground.model import Impact, Packet
from ground.monitor.localise import (
    A0,
    EITHER,
    S0,
    STRETCH_SIGMA_US,
    WEAK_DB,
    WEAK_SIGMA_US,
    Location,
    Mode,
    NotLocalisedError,
    localise,
)
from ground.monitor.size import Peak, particle_size, struck_pane
from ground.physics.amplitude import FULL_SCALE_DB
from protocol.schema.decode import ENTRIES

_ENTRIES: Final = ENTRIES["hit"]
POSITION_DIGITS: Final = 2
TRIGGER_AWAY_US: Final = 60_000_000
"""A hit is reported within seconds; a trigger farther from its packet's time is an error."""
FULL_SCALE_SLACK_DB: Final = 1.0
"""No channel reads more than this above its full scale: a higher peak is an error."""


def read_impact(
    packet: Packet,
    window: Window,
    *,
    sigma_us: float,
    picks: bool,
    faulty: Collection[str],
) -> Impact:
    """The impact that a hit packet reports; sensors that are `faulty` are not heard.

    With `picks` the unit tells A0 from S0: only arrivals that it calls picked are used, each with
    the speed of its wave. Without, an arrival is a first crossing of either.
    """
    raw = packet.decoded.raw
    channels, clipped = int(raw["channels"]), int(raw["saturated"])
    heard = [i for i, name in enumerate(ACOUSTIC) if channels >> i & 1 and name not in faulty]
    sensors = [window.sensors[i] for i in heard]
    place: Location | None = None
    reason = ""
    stretch = int(raw.get("picked_s0", 0)) & ~int(raw["picked"]) if picks else 0
    used = [i for i in heard if not picks or (int(raw["picked"]) | stretch) >> i & 1]
    try:
        place = localise(
            [window.sensors[i] for i in used],
            [_scaled(raw, f"{ACOUSTIC[i]}_arrival") for i in used],
            velocity_m_s=window.velocity_m_s,
            sigma_us=[
                max(sigma_us, _least_sigma_us(raw, i, stretch=bool(stretch >> i & 1))) for i in used
            ],
            radius_mm=window.radius_mm,
            modes=[_mode(i, stretch, picks=picks) for i in used],
        )
        if place.ellipse_mm[0] > window.radius_mm:
            reason = f"the picks leave it open: ±{place.ellipse_mm[0]:.0f} mm, more than the pane"
            place = None
    except NotLocalisedError as error:
        reason = error.reason
        if len(used) < len(heard):
            reason += f"; of {len(heard)} arrivals {len(used)} are picks"
    except np.linalg.LinAlgError:
        reason = "the picks have no solution"
    peaks = []
    for i, sensor in zip(heard, sensors, strict=True):
        level_db = _scaled(raw, f"{ACOUSTIC[i]}_peak")
        if level_db > FULL_SCALE_DB + FULL_SCALE_SLACK_DB:
            clipped |= 1 << i
        distance_mm = math.dist(sensor, (place.x_mm, place.y_mm)) if place else None
        peaks.append(Peak(min(level_db, FULL_SCALE_DB), bool(clipped >> i & 1), distance_mm))
    size = particle_size(peaks)
    away_us = int(raw["trigger_us"]) - packet.decoded.time_us
    if abs(away_us) > TRIGGER_AWAY_US:
        words = "its trigger time is absurd, so it is dated by its packet"
        reason = f"{reason}; {words}" if reason else words
        away_us = 0
    trigger_us = packet.onboard_us + away_us
    return Impact(
        unit=packet.unit,
        pane=struck_pane(size, saturated=clipped != 0),
        time_us=trigger_us + (round(place.time_us) if place else 0),
        localised=place is not None,
        # + 0.0: no negative zero.
        x_mm=round(place.x_mm, POSITION_DIGITS) + 0.0 if place else None,
        y_mm=round(place.y_mm, POSITION_DIGITS) + 0.0 if place else None,
        ellipse_mm=_rounded(place.ellipse_mm) if place else None,
        saturated=clipped != 0,
        late=packet.late,
        diameter_mm=(size.low_mm, size.high_mm),
        peak_db=max((p.level_db for p in peaks), default=0.0),
        sensors=len(heard),
        received_us=packet.received_us,
        packet=packet.id,
        reason=reason,
        clipped_channels=sum(p.clipped for p in peaks),
    )


def _mode(i: int, stretch: int, *, picks: bool) -> Mode:
    """The wave that a sensor's arrival is of; `stretch` has bits of those that picked S0."""
    if not picks:
        return EITHER
    return S0 if stretch >> i & 1 else A0


def _least_sigma_us(raw: Mapping[str, int | bytes], i: int, *, stretch: bool) -> float:
    """What a pick's time is uncertain by at least."""
    if stretch:
        return STRETCH_SIGMA_US
    return WEAK_SIGMA_US if _scaled(raw, f"{ACOUSTIC[i]}_peak") < WEAK_DB else 0.0


def _scaled(raw: Mapping[str, int | bytes], name: str) -> float:
    return int(raw[name]) * _ENTRIES[name].scale


def _rounded(ellipse_mm: tuple[float, float, float]) -> tuple[float, float, float]:
    major, minor, angle = (round(v, POSITION_DIGITS) for v in ellipse_mm)
    return major, minor, angle
