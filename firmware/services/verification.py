"""ST[01] request verification: success when the sender asked for it, failure always.

Every report is also noted with its command, for a repeat of the command to be answered by.
"""

from protocol.wire.tables import TM_ACCEPTED, TM_COMPLETED, TM_FAILED, TM_REFUSED, TM_STARTED
from protocol.wire.tc import ACK_ACCEPTANCE, ACK_COMPLETION, ACK_START


class Verification:
    """Reports on requests. `reports` of each call is the list that remembers them."""

    def __init__(self, downlink):
        self._downlink = downlink

    def accepted(self, command, reports):
        if command.ack & ACK_ACCEPTANCE:
            self._report(TM_ACCEPTED, command, 0, reports)

    def refused(self, command, failure, reports):
        self._report(TM_REFUSED, command, failure, reports)

    def started(self, command, reports):
        if command.ack & ACK_START:
            self._report(TM_STARTED, command, 0, reports)

    def completed(self, command, reports):
        if command.ack & ACK_COMPLETION:
            self._report(TM_COMPLETED, command, 0, reports)

    def failed(self, command, failure, reports):
        self._report(TM_FAILED, command, failure, reports)

    def _report(self, kind, command, failure, reports):
        reports.append(
            self._downlink.make(
                kind, (command.packet_id, command.sequence, command.counter, failure)
            )
        )
