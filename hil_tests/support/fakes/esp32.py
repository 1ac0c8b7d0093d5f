"""MicroPython's `esp32` in a test: pulse counters whose counts are the test's."""

COUNTERS = {}  # by id


class PCNT:
    INCREMENT, NORMAL, HOLD = 1, 0, 2

    def __init__(self, id, pin, rising, mode_pin, mode_low, mode_high, max):
        assert 0 <= id < 8
        assert (rising, mode_low, mode_high) == (PCNT.INCREMENT, PCNT.NORMAL, PCNT.HOLD)
        self.pin, self.gate, self.turn = pin, mode_pin, max
        self.runs, self.counted = False, 0
        COUNTERS[id] = self

    def start(self):
        self.runs = True

    def value(self, value=None):
        before = self.counted % self.turn
        if value is not None:
            assert value == 0
            self.counted = 0
        return before
