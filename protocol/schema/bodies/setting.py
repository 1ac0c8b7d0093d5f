"""ST[20] parameter management."""

from __future__ import annotations

from construct import Struct

from protocol.schema.onboard import SETTING_STATES
from protocol.schema.parameter import I32, U16, parameter

VALUE = Struct(
    parameter("setting", U16, "Setting", states=SETTING_STATES),
    parameter("value", I32, "Its value, in unit and scale of that setting", setting="setting"),
)
ONE_SETTING = Struct(parameter("setting", U16, "Setting", states=SETTING_STATES))
