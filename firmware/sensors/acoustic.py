"""An acoustic front end of a real window, and what one does that has no more than this."""

from firmware.sensors.capture import CHANNELS, NONE

NEVER_S = 1 << 24  # half a year


class Acoustic:
    """No acoustic sensor at all; the others of this folder do what their sensors give.

    Times are the board's clock. `quiet_s`: how long a healthy channel is without a lone crossing,
    0 where nobody has measured it, and then none is ever judged dead.
    """

    capability = NONE
    sample_rate_hz = 0
    kept = None  # type: object

    def __init__(self, quiet_s=0):
        self.quiet_s = quiet_s or NEVER_S
        self.crossings = [0] * CHANNELS

    def configure(self, threshold_cdb, hlt_us):
        """Set the threshold (0.01 dB_AE) and the hit lockout time."""

    def advance(self, now_us):
        """Take what the sensors have for us."""

    def capturing(self):
        """True while a flash that erases, and so stops interrupts, could cost an impact."""
        return False

    def capture(self):
        """The next Capture, Glimpse or Sighting, or None; its trigger is on the board's clock."""

    def release(self, keep):
        """The detector is done with it; `keep` its waveforms."""

    def thaw(self):
        """The waveforms that were kept are not needed any more."""
