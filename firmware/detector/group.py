"""What sensors felt, and which of it belongs together."""

from firmware.sensors.capture import CHANNELS

GROUP = 1000  # 100 µs in 0.1 µs


class Hit:
    """Features of one sensor's burst, in the units of TM[129,1]."""

    def __init__(self):
        self.clear()

    def clear(self):
        """No hit."""
        self.valid = False  # part of the impact
        self.picked = False  # the arrival is that of A0
        self.picked_s0 = False  # it is that of S0; of neither: it is the first crossing
        self.arrival = 0  # 0.1 µs after the trigger
        self.peak = 0  # 0.01 dB_AE
        self.rise = 0  # 0.1 µs
        self.duration = 0  # 0.1 µs
        self.counts = 0
        self.energy = 0  # 1e-14 V²s
        self.saturated = False
        self.truncated = False


def new_hits():
    """Six hits for a detector to fill."""
    return [Hit() for _ in range(CHANNELS)]


def group(hits):
    """Keep valid only the fullest 100 µs, the earliest of equals; returns how many are in it."""
    most, since = 0, 0
    for hit in hits:
        if hit.valid:
            inside = sum([1 for h in hits if h.valid and 0 <= h.arrival - hit.arrival <= GROUP])
            if inside > most or (inside == most and hit.arrival < since):
                most, since = inside, hit.arrival
    for hit in hits:
        hit.valid = hit.valid and 0 <= hit.arrival - since <= GROUP
    return most
