"""What stands in the shenzhou20 story: the fleet, the strike, the leak."""

from __future__ import annotations

from ground.fleet import Fleet
from ground.model import Finding, Impact, Leak, PacketId, UnitKey

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
