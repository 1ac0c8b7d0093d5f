"""ST[05] events."""

from __future__ import annotations

from construct import Struct

from protocol.schema.events import EVENTS
from protocol.schema.parameter import I32, U16, U64, parameter, text

EVENT = Struct(
    parameter("event_id", U16, "Event definition (protocol/schema/events.py)"),
    parameter("a", I32, "First argument of the event"),
    parameter("b", I32, "Second argument of the event"),
    parameter("text", text(48), "Words of the event: file and line, a name"),
)

DISABLED_EVENTS = Struct(parameter("disabled", U64, "Bit i is set while event i is not reported"))

ONE_EVENT = Struct(
    parameter("event_id", U16, "Event definition", states={e.number: e.name for e in EVENTS})
)
