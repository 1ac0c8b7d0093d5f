"""The kinds of scenario event and the keys of each, in the units that stand in the names."""

from __future__ import annotations

from typing import Final, NamedTuple

from ground.fleet import ACOUSTIC, PANES, SLOW
from tools.scenario.fields import FieldError, Key, number, one_of, optional, truth
from tools.scenario.model import CABIN

MAX_DURATION_S: Final = 366 * 86400
VOLUMES: Final = ("gap1", "gap2", CABIN)
FAULTS: Final = ("stuck", "drift", "dead", "noisy")

_POSITION: Final = {"x_mm": Key(number(-1000, 1000)), "y_mm": Key(number(-1000, 1000))}
_LASTING: Final = number(0.001, MAX_DURATION_S)
_FOR: Final = {"for_s": Key(_LASTING)}


class Kind(NamedTuple):
    """One kind of event."""

    keys: dict[str, Key]
    at_window: bool = True
    """False: it happens to the whole vehicle."""


KINDS: Final = {
    "impact": Kind(
        {
            "pane": Key(one_of(*PANES)),
            **_POSITION,
            "diameter_mm": Key(number(0.001, 20)),
            "speed_km_s": Key(number(0.1, 80)),
            "density_g_cm3": Key(number(0.1, 25)),
            "angle_deg": optional(number(0, 89), 0.0),
        }
    ),
    "inspection": Kind(
        {
            "pane": Key(one_of(*PANES)),
            "result": Key(one_of("clear", "crack")),
            "length_mm": optional(number(above=0, high=1000)),
            "through": optional(truth, True),
        }
    ),
    "leak": Kind({"volume": Key(one_of("gap2", CABIN)), "hole_mm": Key(number(0.001, 100))}),
    "thermal": Kind(
        {
            "pane": Key(one_of(*PANES)),
            "delta_k": Key(number(-1000, 1000)),
            "over_s": Key(_LASTING),
        }
    ),
    "sensor_fault": Kind({"sensor": Key(one_of(*ACOUSTIC, *SLOW)), "fault": Key(one_of(*FAULTS))}),
    "link_loss": Kind(_FOR),
    "pencil_lead_break": Kind(_POSITION),
    "reboot": Kind({}),
    "dock": Kind({}, at_window=False),
    "undock": Kind({}, at_window=False),
    "launch": Kind({}, at_window=False),
    "reentry": Kind({}, at_window=False),
    "blackout": Kind(_FOR, at_window=False),
    "land": Kind({}, at_window=False),
}


def check_inspection(values: dict[str, object]) -> None:
    """A crack has a length, a clear pane none; raises FieldError."""
    cracked = values["result"] == "crack"
    if cracked and values["length_mm"] is None:
        raise FieldError('missing key "length_mm": a crack has a length')
    if not cracked and values["length_mm"] is not None:
        raise FieldError('"length_mm" belongs to result = "crack" only')
