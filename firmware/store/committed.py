"""What the ground has on its disk, of one boot."""


class Committed:
    """Every record under `below`, and some above it. Only ever grows."""

    def __init__(self):
        self.below = 0
        self._bits = 0  # bit i: record below + i

    def merge(self, cumulative, bitmap, end=None):
        """Take an acknowledgement: all under cumulative, and cumulative + i for each set bit i.

        From `end` on there are no records yet: what it says of them is ignored.
        """
        bits = int.from_bytes(bitmap, "little")
        if end is not None:
            cumulative = min(cumulative, end)
            bits &= (1 << (end - cumulative)) - 1
        if cumulative >= self.below:
            bits |= self._bits >> (cumulative - self.below)
            self.below = cumulative
        else:
            bits = self._bits | bits >> (self.below - cumulative)
        while bits & 1:
            bits >>= 1
            self.below += 1
        self._bits = bits

    def has(self, record):
        """True when the ground has this record."""
        return record < self.below or bool((self._bits >> (record - self.below)) & 1)
