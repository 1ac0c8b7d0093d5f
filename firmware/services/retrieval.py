"""Service 130, retrieval: stored packets again, byte for byte, when nothing else is to be sent."""

from firmware.store import boots
from firmware.store.segment import EVENT, identity, time_us
from protocol.wire.tables import SETTING_RETRIEVAL_INTERVAL_MS
from protocol.wire.tc import FAIL_ARGUMENT, FAIL_EXECUTION, FAIL_FULL

QUEUE = 16
LOOK = 32  # packets that a step may look at
_NOT_YET = b""


class Retrieval:
    """Takes TC[130,3] and plays the records back, one request after the other.

    A request is completed when its last packet is sent. Records that are not on board and that
    the ground has not acknowledged are reported as lost, so that every hole closes.
    """

    def __init__(self, downlink, recorder, storage, parameters):
        self._downlink = downlink
        self._recorder = recorder
        self._storage = storage
        self._parameters = parameters
        self._running = None
        self._requests = []
        self._playing = None
        self._packet = None
        self._due_us = 0

    def by_time(self, request):
        """TC[15,9]: the records of a boot that were made from … to, in its headers' time scale."""
        boot, from_us, to_us = request.values
        if from_us > to_us or boots.later(boot, self._recorder.boot):
            request.finish(FAIL_ARGUMENT)
        elif len(self._requests) >= QUEUE:
            request.finish(FAIL_FULL)
        else:
            self._requests.append((self._play_time, boot, from_us, to_us, request))

    def abort(self, request):
        """TC[15,17]: end what runs and what waits."""
        ended = [waiting[-1] for waiting in self._requests]
        if self._playing is not None:
            ended.insert(0, self._running)
        self._requests = []
        self._playing = self._packet = None
        for other in ended:
            other.finish(FAIL_EXECUTION)
        request.finish()

    def handle(self, request):
        """TC[130,3]."""
        boot, first, last = request.values
        if first > last or boots.later(boot, self._recorder.boot):
            request.finish(FAIL_ARGUMENT)
        elif len(self._requests) >= QUEUE:
            request.finish(FAIL_FULL)
        else:
            self._requests.append((self._play, boot, first, last, request))

    def step(self):
        """Have the next packet ready, and report what is missing or done."""
        if self._packet is not None or self._downlink.tick_us < self._due_us:
            return
        if self._playing is None:
            if not self._requests:
                return
            play, *arguments = self._requests.pop(0)
            self._running = arguments[-1]
            self._playing = play(*arguments)
        packet = next(self._playing, None)
        if packet is None:
            self._playing = None
        elif packet != _NOT_YET:
            self._packet = packet

    def peek(self):
        """The packet to send next, or None."""
        return self._packet

    def advance(self):
        """That packet is sent."""
        self._packet = None
        interval_ms = self._parameters.get(SETTING_RETRIEVAL_INTERVAL_MS)
        self._due_us = self._downlink.tick_us + interval_ms * 1000

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

    def _play_time(self, boot, from_us, to_us, request):
        request.start()
        looked = 0
        for packet in self._recorder.read(boot, 0, self._recorder.newest_of(boot)):
            looked += 1
            if from_us <= time_us(packet) <= to_us:
                yield packet
            elif looked % LOOK == 0:
                yield _NOT_YET
        request.finish()

    def _report_missing(self, boot, first, last):
        first = max(first, self._recorder.committed(boot).below)
        if first <= last:
            self._storage.report_lost(boot, first, last, EVENT)
