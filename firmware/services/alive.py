"""ST[17] are-you-alive."""

from protocol.wire.tables import TM_ALIVE


class Alive:
    """Answers TC[17,1]."""

    def __init__(self, downlink):
        self._downlink = downlink

    def handle(self, request):
        self._downlink.make(TM_ALIVE, ())
        request.finish()
