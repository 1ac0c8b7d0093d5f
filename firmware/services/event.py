"""ST[05] event reports."""

from protocol.wire.events import EVENTS
from protocol.wire.tables import TM_EVENT_INFO

_TEXT_BYTES = 48


def report(downlink, event_id, a=0, b=0, text=""):
    """Report one event of protocol/wire/events.py; a and b are kept to 32 bits."""
    for known, severity, _ in EVENTS:
        if known == event_id:
            downlink.make(
                TM_EVENT_INFO + severity - 1, (event_id, _signed(a), _signed(b), _fit(text))
            )
            return
    raise ValueError("event %d is not declared" % event_id)


def _signed(value):
    value &= 0xFFFFFFFF
    return value - 0x100000000 if value & 0x80000000 else value


def _fit(text):
    """At most 48 bytes of UTF-8, cut between characters."""
    data = text.encode()
    end = min(len(data), _TEXT_BYTES)
    while end < len(data) and data[end] & 0xC0 == 0x80:
        end -= 1
    return data[:end]
