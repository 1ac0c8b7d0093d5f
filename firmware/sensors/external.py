"""An external converter with full waveforms: six channels of 2.5 MS/s around a trigger.

Its driver is the user's: a module with `open_adc(board, options)` that returns an object with

- `sample_rate_hz`: 2500000, for the detector counts in samples of 0.4 µs;
- `configure(threshold_nv, lockout_us)`: the trigger: any channel's sensor above so many nV;
- `crossings`: six running counts of crossings that began no capture;
- `capturing()`: true from a trigger until `take` has its capture;
- `take()`: `(trigger_us, gain_db)` of the oldest complete capture, the time on the board's clock,
  the gain 0 (full scale 10 V) or 40 (100 mV); None while there is none. It must be held until
- `done()`: the capture is not needed any more;
- `read(k, samples, start)`: write channel k's 2500 codes (16 bit, signed, 500 of them before the
  trigger) into an array('h') from `start` on, as often as it is asked.
"""

from firmware.errors import ConfigError
from firmware.sensors.acoustic import Acoustic
from firmware.sensors.capture import CHANNELS, SAMPLE_RATE_HZ, SAMPLES, WAVEFORM, Capture, Glimpse
from firmware.world.fixed import amplitude_nv


class ExternalInput(Acoustic):
    """Captures of an external converter; the detector finds the hits as in simulated ones."""

    capability = WAVEFORM
    sample_rate_hz = SAMPLE_RATE_HZ

    def __init__(self, adc, quiet_s=0):
        Acoustic.__init__(self, quiet_s)
        if adc.sample_rate_hz != SAMPLE_RATE_HZ:
            raise ConfigError(
                "the converter gives %d samples/s, the detector needs %d"
                % (adc.sample_rate_hz, SAMPLE_RATE_HZ)
            )
        self.crossings = adc.crossings
        self._adc = adc
        self._capture = Capture()
        self._glimpse = Glimpse(adc.read)
        self._held = self._capture  # type: Capture | Glimpse
        self._busy = False

    def configure(self, threshold_cdb, hlt_us):
        self._adc.configure(amplitude_nv(threshold_cdb), hlt_us)

    def capturing(self):
        return self._adc.capturing()

    def capture(self):
        taken = None if self._busy else self._adc.take()
        if taken is None:
            return None
        self._busy = True
        made = self._held = self._capture if self.kept is None else self._glimpse
        made.trigger_us, made.gain_db = taken
        if made.kept:
            for k in range(CHANNELS):
                self._adc.read(k, made.samples, k * SAMPLES)
        return made

    def release(self, keep):
        if keep and self._held.kept:
            self.kept = self._held
        self._adc.done()
        self._busy = False

    def thaw(self):
        self.kept = None
