"""ST[05] event reports, four severities; each event can be disabled until a reboot."""

from protocol.wire.events import SEVERITY
from protocol.wire.tables import TM_DISABLED_EVENTS, TM_EVENT_INFO
from protocol.wire.tc import FAIL_NO_ITEM

_TEXT_BYTES = 48


def report(downlink, event_id, a=0, b=0, text=""):
    """Report one event of protocol/wire/events.py; a and b are kept to 32 bits."""
    if not declared(event_id):
        raise ValueError("event %d is not declared" % event_id)
    if not downlink.disabled_events >> event_id & 1:
        kind = TM_EVENT_INFO + SEVERITY[event_id] - 1
        downlink.make(kind, (event_id, _signed(a), _signed(b), _fit(text)))


def declared(event_id):
    """True for an event of protocol/wire/events.py."""
    return event_id < len(SEVERITY) and SEVERITY[event_id] > 0


class Events:
    """The commands of ST[05]."""

    def __init__(self, downlink):
        self._downlink = downlink

    def enable(self, request):
        """TC[5,5]."""
        if _known(request):
            self._downlink.disabled_events &= ~(1 << request.values[0])
            request.finish()

    def disable(self, request):
        """TC[5,6]."""
        if _known(request):
            self._downlink.disabled_events |= 1 << request.values[0]
            request.finish()

    def report(self, request):
        """TC[5,7]: TM[5,8]."""
        self._downlink.make(TM_DISABLED_EVENTS, (self._downlink.disabled_events,))
        request.finish()


def _known(request):
    (event_id,) = request.values
    if declared(event_id):
        return True
    request.finish(FAIL_NO_ITEM)
    return False


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
