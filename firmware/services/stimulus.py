"""Service 131: what a test does to the simulated window, as an event table would, at a tick, and to
the unit: its tasks hang, its clock jumps.

Each begins with an event, so that nobody takes it for the real thing.
"""

from firmware.health.hang import KINDS
from firmware.services import event
from firmware.world.faults import HEALED
from protocol.wire.events import CLOCK_JUMPED, STIMULUS
from protocol.wire.tc import FAIL_ARGUMENT, FAIL_BOARD, FAIL_FULL

PENDING = 16
_SENSORS = (0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13)
_EDGE_UM = 200_000
_JUMP_MS = 1 << 30
_HANG = 6
_TASKS = 3


class Stimulus:
    """Takes TC[131,*]; `hang` is a task that is to hang, (task, kind, ms), for who runs them."""

    def __init__(self, downlink, window):
        self._downlink = downlink
        self._window = window
        self._pending = []  # (at_us, order, subtype, event)
        self._order = 0
        self.hang = None

    def step(self):
        """Hand to the window what is due; before it advances."""
        while self._pending and self._pending[0][0] <= self._downlink.tick_us:
            at_us, _, subtype, kind, arguments = self._pending.pop(0)
            event.report(self._downlink, STIMULUS, subtype, 0, kind)
            self._window.stimulate((at_us, kind) + arguments)

    def impact(self, request):
        """TC[131,1]."""
        pane, x_um, y_um, diameter_um, speed, density, angle = request.values[1:]
        sound = pane < 3 and _on_pane(x_um, y_um) and 1 <= diameter_um <= 20_000
        sound = sound and speed <= 100_000_000 and density <= 30_000 and angle <= 90_000
        self._plan(request, 1, "impact", sound)

    def leak(self, request):
        """TC[131,2]."""
        volume, hole_um = request.values[1:]
        self._plan(request, 2, "leak", volume < 3 and 1 <= hole_um <= 100_000)

    def thermal(self, request):
        """TC[131,3]."""
        at_us, pane, delta_mk, over_ms = request.values
        sound = pane < 3 and abs(delta_mk) <= 500_000 and 1 <= over_ms <= 86_400_000
        self._plan(request, 3, "thermal", sound, (pane, delta_mk, over_ms * 1000))

    def sensor_fault(self, request):
        """TC[131,4]."""
        sensor, fault = request.values[1:]
        sound = sensor in _SENSORS and (fault < 4 or fault == HEALED)
        self._plan(request, 4, "sensor_fault", sound)

    def lead_break(self, request):
        """TC[131,5]."""
        x_um, y_um = request.values[1:]
        self._plan(request, 5, "pencil_lead_break", _on_pane(x_um, y_um))

    def hang_task(self, request):
        """TC[131,6]: from after this step on."""
        task, kind, _ = request.values
        if task >= _TASKS or kind >= KINDS:
            request.finish(FAIL_ARGUMENT)
            return
        event.report(self._downlink, STIMULUS, _HANG, 0, "hang")
        self.hang = request.values
        request.finish()

    def clock_jump(self, request):
        """TC[131,7]: the packets' time jumps; steps go on as they were."""
        (by_ms,) = request.values
        if abs(by_ms) >= _JUMP_MS:
            request.finish(FAIL_ARGUMENT)
            return
        self._downlink.jump(by_ms * 1000)
        event.report(self._downlink, CLOCK_JUMPED, by_ms)
        request.finish()

    def _plan(self, request, subtype, kind, sound, arguments=None):
        if not hasattr(self._window, "stimulate"):
            request.finish(FAIL_BOARD)
        elif not sound:
            request.finish(FAIL_ARGUMENT)
        elif len(self._pending) >= PENDING:
            request.finish(FAIL_FULL)
        else:
            at_us = max(self._downlink.tick_us, self._downlink.boot_us + request.values[0])
            planned = (at_us, self._order, subtype, kind, arguments or request.values[1:])
            self._order += 1
            self._pending.append(planned)
            self._pending.sort(key=lambda item: item[:2])
            request.finish()


def _on_pane(x_um, y_um):
    return abs(x_um) <= _EDGE_UM and abs(y_um) <= _EDGE_UM
