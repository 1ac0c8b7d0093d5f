"""Self-test: each slow sensor against its own reference, each acoustic one by another's pulse.

By TC[132,3], a minute after a start, then at an interval, and when a leak is suspected: a gauge
that has drifted shows it at its reference, and is then no witness of a leak.
"""

from firmware.sensors.capture import CHANNELS
from firmware.services import event
from firmware.world.faults import FIRST_AE, SLOW
from protocol.wire.events import SELF_TEST_FAILED
from protocol.wire.tables import SETTING_SELF_TEST_INTERVAL_S, TM_SELF_TEST
from protocol.wire.tc import FAIL_FULL

FIRST_US = 60_000_000
PULSE_US = 100_000  # a pulse is heard within this time or not at all
PULSING = (0, 3)  # so that each sensor hears one
LOST_CDB = 600
_OFFSET_LIMIT = (500, 500, 500, 500, 500, 500)  # 50 Pa, 0.5 K: far beyond a reference's noise
_FILE = "pulse"
_IDLE = -1
_HIGHEST = 0x7FFF


class SelfTest:
    """Runs over some steps; `take` gets the captures of its pulses."""

    def __init__(self, downlink, recorder, window, health, parameters):
        self._downlink = downlink
        self._recorder = recorder
        self._window = window
        self._health = health
        self._parameters = parameters
        self._request = None
        self._phase = _IDLE  # else the number of the pulse that is awaited
        self._until_us = 0
        self._heard = [0] * CHANNELS  # 0.01 dB_AE
        self._listened = 0  # sensors for which a pulse was sent, as bits
        self._due_us = downlink.tick_us + FIRST_US

    def command(self, request):
        """TC[132,3]."""
        if self._phase != _IDLE:
            request.finish(FAIL_FULL)
            return
        self._request = request
        request.start()
        self.begin()

    def begin(self):
        """Start one, unless one runs."""
        if self._phase == _IDLE:
            for k in range(CHANNELS):
                self._heard[k] = 0
            self._listened = 0
            self._pulse(0)

    def step(self):
        """Start what is due; go on when a pulse was not heard."""
        now_us = self._downlink.tick_us
        interval_s = self._parameters.get(SETTING_SELF_TEST_INTERVAL_S)
        if now_us >= self._due_us:
            self._due_us = now_us + max(1, interval_s) * 1_000_000
            if interval_s:
                self.begin()
        if self._phase != _IDLE and now_us >= self._until_us:
            self._go_on()

    def take(self, hits, pulsed):
        """What the sensors heard of the pulse by sensor `pulsed`."""
        if self._phase == _IDLE or PULSING[self._phase] != pulsed:
            return
        for k in range(CHANNELS):
            if k != pulsed and not self._listened >> k & 1:
                self._listened |= 1 << k
                self._heard[k] = hits[k].peak if hits[k].valid else 0
        self._go_on()

    def _pulse(self, phase):
        self._phase = phase
        self._until_us = self._downlink.tick_us + PULSE_US
        if not self._window.pulse(PULSING[phase]):
            self._until_us = self._downlink.tick_us

    def _go_on(self):
        if self._phase + 1 < len(PULSING):
            self._pulse(self._phase + 1)
            return
        self._phase = _IDLE
        self._report()
        request, self._request = self._request, None
        if request:
            request.finish()

    def _report(self):
        offsets = [0] * SLOW
        tested = failed = 0
        if self._window.reference(offsets):
            tested = (1 << SLOW) - 1
        values = []
        for i in range(SLOW):
            if tested and abs(offsets[i]) > _OFFSET_LIMIT[i]:
                failed |= 1 << i
            values.append(offsets[i])
            values.append(self._health.noise(i))
        for k in range(CHANNELS):
            change = 0
            if self._listened >> k & 1:
                tested |= 1 << (FIRST_AE + k)
                change = self._change(k)
                if not self._heard[k] or change < -LOST_CDB:
                    failed |= 1 << (FIRST_AE + k)
            values.append(self._heard[k])
            values.append(change)
        self._health.self_tested(failed)
        self._downlink.make(TM_SELF_TEST, [tested, failed] + values)
        if failed:
            event.report(self._downlink, SELF_TEST_FAILED, failed)

    def _change(self, k):
        """Against the first pulse that this sensor ever heard, which is kept."""
        heard = self._heard[k]
        first = self._recorder.load(_FILE + str(k), _HIGHEST)
        if not first and heard:
            self._recorder.save(_FILE + str(k), heard)
            first = heard
        return heard - first if heard and first else 0
