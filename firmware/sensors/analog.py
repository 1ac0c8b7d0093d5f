"""A voltage that means something: a channel of the board's ADC, averaged and calibrated."""

_CHUNK = 6  # bits
_CHUNKS = 4  # a calibrated range is below 2^24, a sum of counts below 2^23
FULL_COUNT = 65535
MOST_READINGS = 128


def scale(value, numerator, denominator):
    """value · numerator / denominator, to nearest, for 0 <= numerator < 2^24.

    |value| and denominator are below 2^23: then no step needs more than the 31 bits of a board's
    small integer, and a sample no heap.
    """
    whole, rest = 0, 0
    for chunk in range(_CHUNKS - 1, -1, -1):
        digit = numerator >> chunk * _CHUNK & (1 << _CHUNK) - 1
        total = (rest << _CHUNK) + value * digit
        whole = (whole << _CHUNK) + total // denominator
        rest = total % denominator
    return whole + (rest * 2 >= denominator)


class Analog:
    """Reads `adc` (an object with `read_u16`) at address `channel` of the multiplexer `select`.

    `counts` and `values` are two points of its straight line: 0 … 65535, and integers of its own
    unit. `readings` are averaged: the ADC's own noise then tells parts of a count, and a sensor
    that repeats itself is surely stuck.
    """

    def __init__(self, adc, counts, values, readings, select=(), channel=0):
        self._adc = adc
        self._select = select
        self._channel = channel
        self._readings = readings
        low, high = counts
        self._zero = low * readings
        self._span = (high - low) * readings
        self._value = values[0]
        self._rise = values[1] - values[0]

    def read(self):
        """Its value now."""
        for i in range(len(self._select)):
            self._select[i].value(self._channel >> i & 1)
        total = -self._zero
        for _ in range(self._readings):
            total += self._adc.read_u16()
        if self._rise < 0:
            return self._value - scale(total, -self._rise, self._span)
        return self._value + scale(total, self._rise, self._span)
