"""Service 130, storage: what is kept, what was dropped, and the ground's acknowledgements."""

from firmware.services import event
from firmware.store.recorder import FAILED, KEPT_BOOTS, LOST, TORN
from protocol.wire import events
from protocol.wire.tables import TM_LOST, TM_STORAGE
from protocol.wire.tc import FAIL_ARGUMENT


class Storage:
    """Reports on the recorder and takes TC[130,4]."""

    def __init__(self, downlink, recorder):
        self._downlink = downlink
        self._recorder = recorder

    def report(self):
        """TM[130,1]: the kept boots."""
        kept = self._recorder.kept()
        values = [len(kept)]
        for boot in kept:
            values.extend(boot)
        values.extend([0] * (3 * (KEPT_BOOTS - len(kept))))
        values.append(self._recorder.capacity_bytes)
        self._downlink.make(TM_STORAGE, values)

    def step(self):
        """TM[130,2] and ST[05] for what went wrong in the recorder."""
        if not self._recorder.reports:
            return
        reports, self._recorder.reports = self._recorder.reports, []
        for kind, *facts in reports:
            if kind == LOST:
                self.report_lost(*facts)
            elif kind == TORN:
                event.report(self._downlink, events.STORE_TORN, facts[0])
            elif kind == FAILED:
                event.report(self._downlink, events.STORE_FAILED, 0, 0, facts[0])

    def report_lost(self, boot, first, last, series):
        """TM[130,2]: these records of one class are not on board any more."""
        self._downlink.make(TM_LOST, (boot, first, last, series))

    def handle(self, request):
        """TC[130,4]: records are safe on the ground."""
        boot, cumulative, bitmap = request.values
        if boot == self._recorder.boot and cumulative > self._recorder.newest + 1:
            request.finish(FAIL_ARGUMENT)  # records that were never made
            return
        self._recorder.commit(boot, cumulative, bitmap)
        request.finish()
