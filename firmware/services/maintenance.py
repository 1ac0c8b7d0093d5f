"""Service 132: start again, or stop for maintenance; both are reported and stored before."""

from firmware.services import event
from protocol.wire.events import MAINTENANCE

RUN, REBOOT, STOP = range(3)


class Maintenance:
    """`wanted` is what whoever steps the unit must do after this step."""

    def __init__(self, downlink):
        self.wanted = RUN
        self._downlink = downlink

    def reboot(self, request):
        """TC[132,1]."""
        request.finish()
        self.wanted = REBOOT

    def stop(self, request):
        """TC[132,2]."""
        event.report(self._downlink, MAINTENANCE)
        request.finish()
        self.wanted = STOP
