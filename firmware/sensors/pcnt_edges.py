"""Comparator edges on an ESP32: pulse counters count a clock until a channel's latch stops them.

MicroPython has no capture timer there, and a pin's interrupt comes some 10 µs late, more than the
arrival is worth. So each comparator sets a latch (a D flip-flop), and the latch is the gate of a
pulse counter that counts the board's own 10 MHz: hardware alone decides the arrival, to 0.1 µs.
The counters wrap each 3.2 ms; the interrupt tells which turn it was. Needs the classic ESP32, whose
8 counters suffice.
"""

from esp32 import PCNT
from machine import PWM, Pin

from firmware.sensors.capture import AFTER_US
from firmware.sensors.edge_clock import unwrap

CLOCK_HZ = 10000000
TURN = 32000  # counts
_HALF_DUTY = 32768
_COUNTS_A_US = CLOCK_HZ // 1000000
_TENTHS_A_COUNT = 10000000 // CLOCK_HZ


class _Channel:
    """One latch and its counter."""

    def __init__(self, number, pin, clock, ticks):
        self.latched = False
        self.latched_ticks = ticks()
        self._ticks = ticks
        self._pin = Pin(pin, Pin.IN)
        self._counter = PCNT(
            number,
            pin=clock,
            rising=PCNT.INCREMENT,
            mode_pin=self._pin,
            mode_low=PCNT.NORMAL,
            mode_high=PCNT.HOLD,
            max=TURN,
        )
        self._counter.start()
        self._pin.irq(handler=self._note, trigger=Pin.IRQ_RISING)

    def clear(self):
        """Count from zero, with the clock stopped and the latch reset."""
        self._counter.value(0)
        self.latched = False

    def poll(self):
        """True when the latch is set, whether its interrupt has come or not."""
        if not self.latched and self._pin.value():
            self._note(self._pin)
        return self.latched

    def count(self):
        return self._counter.value()

    def _note(self, pin):
        if not self.latched:
            self.latched_ticks = self._ticks()
            self.latched = True


class PcntEdges:
    """Edges of latched comparators at `pins`; `reset_pin` low resets all latches.

    The clock leaves at `clock_pins[0]` and comes in at `clock_pins[1]`, by a wire between them: a
    pin that counts is an input. `clock_us()` is the board's; an interrupt takes only `ticks()` of
    it, of which `elapsed(earlier, later)` makes µs.
    """

    rate_hz = CLOCK_HZ

    def __init__(self, pins, reset_pin, clock_pins, clock_us, ticks, elapsed):
        self._clock_us = clock_us
        self._ticks = ticks
        self._elapsed = elapsed
        self._armed_us = 0
        self._lockout_us = 0
        self._reset = Pin(reset_pin, Pin.OUT, value=0)
        self._pwm = PWM(Pin(clock_pins[0]), freq=CLOCK_HZ, duty_u16=0)
        clock = Pin(clock_pins[1], Pin.IN)
        self._channels = [_Channel(k, pins[k], clock, ticks) for k in range(len(pins))]

    def arm(self, lockout_us):
        """Reset latches and counters; the latches are not reset within `lockout_us` of a burst."""
        self._lockout_us = max(lockout_us, AFTER_US)
        self._reset.value(0)
        self._pwm.duty_u16(0)
        for channel in self._channels:
            channel.clear()
        self._armed_us = self._clock_us()
        self._pwm.duty_u16(_HALF_DUTY)
        self._reset.value(1)

    def collect(self, edges):
        """Append (0.1 µs on the board's clock, channel) of each burst since the last call.

        Channels are deaf from their first crossing until all are armed again, which is here.
        """
        now_us = self._clock_us()
        now = self._ticks()
        ages_us = [
            self._elapsed(channel.latched_ticks, now)
            for channel in self._channels
            if channel.poll()
        ]
        if not ages_us or min(ages_us) < self._lockout_us:
            return  # or an impact might be under way
        for k in range(len(self._channels)):
            channel = self._channels[k]
            if channel.latched:
                at_us = now_us - self._elapsed(channel.latched_ticks, now) - self._armed_us
                lowest = at_us * _COUNTS_A_US - TURN // 2
                count = unwrap(channel.count(), lowest, TURN)
                edges.append((self._armed_us * 10 + count * _TENTHS_A_COUNT, k))
        self.arm(self._lockout_us)
