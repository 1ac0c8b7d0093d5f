"""Comparator edges on an rp2: six PIO state machines time-stamp them, 2 cycles a count."""

from machine import Pin, freq
from rp2 import StateMachine

from firmware.sensors.edge_clock import COUNTS, unwrap
from firmware.sensors.pio_program import CYCLES_A_COUNT, CYCLES_A_LOCKOUT, edge_times

_MICROS = 1000000
_SLACK_US = 2000  # reading the clock takes its time, so an edge may seem to lie in the future


class PioEdges:
    """Edges of comparators at `pins`, by state machines `machines`; `start_pin` starts them all.

    The state machines read `start_pin` back; it is to be left unconnected. `clock_us()` is the
    board's, which counts the same crystal.
    """

    def __init__(self, pins, start_pin, machines, clock_us):
        self._cycles_hz = freq()
        self.rate_hz = self._cycles_hz // CYCLES_A_COUNT
        self._clock_us = clock_us
        self._started_us = 0
        self._start = Pin(start_pin, Pin.OUT, value=0)
        self._machines = []
        for k in range(len(pins)):
            machine = StateMachine(
                machines[k],
                edge_times,
                in_base=self._start,
                jmp_pin=Pin(pins[k], Pin.IN, Pin.PULL_DOWN),
            )
            self._machines.append(machine)

    def arm(self, lockout_us):
        """Start the counters anew; a burst ends after `lockout_us` below the threshold."""
        lockout = lockout_us * (self._cycles_hz // CYCLES_A_LOCKOUT) // _MICROS
        self._start.value(0)
        for machine in self._machines:
            machine.active(0)
            while machine.rx_fifo():
                machine.get()
            machine.restart()
            machine.put(lockout)
            machine.active(1)
        self._start.value(1)
        self._started_us = self._clock_us()

    def collect(self, edges):
        """Append (0.1 µs on the board's clock, channel) of each burst since the last call."""
        for k in range(len(self._machines)):
            machine = self._machines[k]
            while machine.rx_fifo():
                count = COUNTS - 1 - machine.get()
                since_us = self._clock_us() - self._started_us + _SLACK_US
                lowest = since_us * self.rate_hz // _MICROS - COUNTS
                count = unwrap(count, lowest, COUNTS)
                edges.append((self._started_us * 10 + count * 10 * _MICROS // self.rate_hz, k))
