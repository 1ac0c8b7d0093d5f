"""Service 130, retrieval: stored packets again, byte for byte, when nothing else is to be sent."""

from firmware.store import boots
from firmware.store.segment import EVENT, identity
from protocol.wire.tc import FAIL_ARGUMENT, FAIL_FULL

QUEUE = 16
INTERVAL_US = 20_000  # 50 packets/s


class Retrieval:
    """Takes TC[130,3] and plays the records back, one request after the other.

    A request is completed when its last packet is sent. Records that are not on board and that
    the ground has not acknowledged are reported as lost, so that every hole closes.
    """

    def __init__(self, downlink, recorder, storage):
        self._downlink = downlink
        self._recorder = recorder
        self._storage = storage
        self._requests = []
        self._playing = None
        self._packet = None
        self._due_us = 0

    def handle(self, request):
        boot, first, last = request.values
        if first > last or boots.later(boot, self._recorder.boot):
            request.finish(FAIL_ARGUMENT)
        elif len(self._requests) >= QUEUE:
            request.finish(FAIL_FULL)
        else:
            self._requests.append((boot, first, last, request))

    def step(self):
        """Have the next packet ready, and report what is missing or done."""
        if self._packet is not None or self._downlink.tick_us < self._due_us:
            return
        if self._playing is None:
            if not self._requests:
                return
            self._playing = self._play(*self._requests.pop(0))
        self._packet = next(self._playing, None)
        if self._packet is None:
            self._playing = None

    def peek(self):
        """The packet to send next, or None."""
        return self._packet

    def advance(self):
        """That packet is sent."""
        self._packet = None
        self._due_us = self._downlink.tick_us + INTERVAL_US

    def _play(self, boot, first, last, request):
        request.start()
        if boot == self._recorder.boot:
            last = min(last, self._recorder.newest)
        wanted = first
        for packet in self._recorder.read(boot, first, last):
            record = identity(packet)[1]
            self._report_missing(boot, wanted, record - 1)
            wanted = record + 1
            yield packet
        self._report_missing(boot, wanted, last)
        request.finish()

    def _report_missing(self, boot, first, last):
        first = max(first, self._recorder.committed(boot).below)
        if first <= last:
            self._storage.report_lost(boot, first, last, EVENT)
