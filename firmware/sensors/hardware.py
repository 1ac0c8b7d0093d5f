"""The sensors of a real window: slow inputs, and one acoustic front end."""

from firmware.sensors.slow import PRESSURES
from firmware.world.faults import SLOW


class HardwareWindow:
    """The interface of SimulatedWindow over sensors, but for `stimulate`: nobody strikes a pane.

    `slow` are six Analogs in the order of `read_slow`; `acoustic` is an Acoustic; `clock_us()` is
    the board's. `advance` has the unit's time: its zero on the board's clock is where the least
    delayed step says.
    """

    def __init__(self, slow, acoustic, clock_us):
        self._slow = slow
        self._acoustic = acoustic
        self._clock_us = clock_us
        self._zero_us = None
        self.capability = acoustic.capability
        self.sample_rate_hz = acoustic.sample_rate_hz
        self.crossings = acoustic.crossings

    @property
    def kept(self):
        """The capture whose waveforms are kept, or None."""
        return self._acoustic.kept

    def configure(self, threshold_cdb, hlt_us):
        """Set the threshold (0.01 dB_AE) and the hit lockout time."""
        self._acoustic.configure(threshold_cdb, hlt_us)

    def crossing_interval_s(self):
        """How long a healthy acoustic channel is without a lone crossing, on average."""
        return self._acoustic.quiet_s

    def advance(self, t_us):
        """Take what the acoustic sensors have; t is the unit's time of this step."""
        now_us = self._clock_us()
        zero_us = now_us - t_us
        if self._zero_us is None or zero_us < self._zero_us:
            self._zero_us = zero_us
        self._acoustic.advance(now_us)

    def read_slow(self, out):
        """Six integers: p_gap1 p_gap2 p_cabin (0.1 Pa) t_outer t_middle t_inner (m°C)."""
        for i in range(SLOW):
            value = self._slow[i].read()
            out[i] = max(0, value) if i < PRESSURES else value

    def reference(self, out):
        """False: no sensor here has a reference of its own."""
        return False

    def pulse(self, channel):
        """False: no sensor here can send a pulse."""
        return False

    def capturing(self):
        """True while a capture is being taken."""
        return self._acoustic.capturing()

    def capture(self):
        """The next capture, its trigger in the unit's time, or None."""
        made = self._acoustic.capture()
        if made is not None:
            made.trigger_us -= self._zero_us
        return made

    def release(self, keep=False):
        """The detector is done with the capture; `keep` its waveforms, where it has them."""
        self._acoustic.release(keep)

    def thaw(self):
        """The waveforms that were kept are not needed any more."""
        self._acoustic.thaw()
