"""What stands in the shenzhou20 story: the fleet, the strike, the leak, the crack."""

from __future__ import annotations

from ground.fleet import Fleet
from ground.model import Finding, Impact, Inspection, Leak, PacketId, PhotoTask, Rule, UnitKey

SZ20 = UnitKey("sz20", "w1")
SZ21 = UnitKey("sz21", "w1")
TIANGONG = UnitKey("tiangong", "w1")

_WINDOW = [{"id": "w1"}]
_CAPSULE = {"role": "return", "crew": 3, "docked": "tiangong", "window": _WINDOW}
FLEET = Fleet.from_dict(
    {
        "vehicle": [
            {"id": "sz20", "name": "Shenzhou-20", **_CAPSULE},
            {"id": "sz21", "name": "Shenzhou-21", **_CAPSULE},
            {
                "id": "tiangong",
                "name": "Tiangong",
                "role": "station",
                "cabin_volume_m3": 110.0,
                "window": _WINDOW,
            },
        ]
    }
)

STRIKE_WORDS = "Impact on the outer pane, 16.9 mm from its edge, all channels clipped"
STRIKE_RULES = (
    Rule(
        "edge hit",
        "AMBER",
        "Hit within 30 mm of the pane's edge",
        {"edge_mm": 16.9, "limit_mm": 30.0},
        "95 % ellipse 5.5 x 2.6 mm",
    ),
    Rule(
        "size open",
        "AMBER",
        "All channels clipped: the particle's size has no upper end",
        {"diameter_mm": [0.1, None], "thickness_mm": 14.0},
        "lower bound only",
    ),
    Rule(
        "uninspected hit",
        "AMBER",
        "Hit of 0.1 mm or more that nobody has inspected",
        {"diameter_mm": [0.1, None]},
        "an inspection decides",
    ),
)


def impact(unit: UnitKey, time_us: int, received_us: int, late: bool) -> Impact:
    """A 0.25 mm particle at (95, -62) mm: saturated, at the edge."""
    return Impact(
        unit=unit,
        pane="outer",
        time_us=time_us,
        localised=True,
        x_mm=94.6,
        y_mm=-61.7,
        ellipse_mm=(5.5, 2.6, 40.0),
        saturated=True,
        late=late,
        diameter_mm=(0.1, None),
        peak_db=139.9,
        sensors=6,
        received_us=received_us,
        packet=PacketId(*unit, 1, 34),
    )


def strike(hit: Impact) -> Finding:
    """An impact without loss of pressure."""
    return Finding(hit.unit, "strike", hit.time_us, (hit.packet,), hit.late)


def photo_task(hit: Impact) -> PhotoTask:
    """Where the crew should look."""
    words = "Photograph the outer pane at x 95, y -62 mm, 10 mm around"
    return PhotoTask(hit.unit, "outer", hit.x_mm, hit.y_mm, 10.5, words, hit.packet)


def leak(unit: UnitKey, time_us: int) -> Leak:
    """Gap 2 through a hole of 0.1 mm."""
    return Leak(
        unit=unit,
        volume="gap2",
        time_us=time_us,
        rate_pa_s=134.0,
        sigma_pa_s=0.8,
        hole_mm=0.1,
        tau_s=754.0,
        half_s=(500.0, 520.0, 540.0),
        reserve_s=None,
        active=True,
        packets=(PacketId(*unit, 1, 90),),
    )


def crack_rule(seen: Inspection) -> Rule:
    """The rule that an inspected through-crack fires."""
    return Rule(
        "inspected through-crack",
        "RED",
        f"Inspected through-crack of {seen.length_mm:g} mm in the {seen.pane} pane",
        {"length_mm": seen.length_mm, "K_max_MPa_sqrt_m": 1.9, "K_IC": 0.75, "delta_k": 300},
        "factor 2 on K",
    )


CLEAR_RULE = Rule("inspected clear", "GREEN", "Inspected: clear", {}, "")
