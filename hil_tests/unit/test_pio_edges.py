"""The PIO program in an RP2040's PIO, cycle by cycle: what its counts mean."""

import sys
from pathlib import Path

import pytest

pytest.importorskip("rp2040py")

from rp2040py.peripherals.pio_registers import CTRL, RXF0, SM0_EXECCTRL, SM0_PINCTRL, TXF0
from rp2040py.rp2040 import RP2040

FAKES = Path(__file__).parents[1] / "support" / "fakes"
START_PIN = 8
PINS = (2, 3, 4, 5)
SM_REGISTERS = 0x18
ONES = 0xFFFFFFFF
PAD_INPUT = 0x40  # input enabled
LOCKOUT = 50  # of 4 cycles


@pytest.fixture
def program(monkeypatch):
    monkeypatch.syspath_prepend(str(FAKES))
    for name in ("rp2", "firmware.sensors.pio_program"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    from firmware.sensors.pio_program import edge_times

    yield edge_times
    for name in ("rp2", "firmware.sensors.pio_program"):
        sys.modules.pop(name, None)


class Pio:
    """Four state machines on PINS; `cycles` and the pins are in the test's hands."""

    def __init__(self, program):
        self.chip = RP2040()
        self.chip.simulator = object()  # nobody but `run` moves it on
        self.pio = self.chip.pio[0]
        for i, word in enumerate(program.words):
            self.pio.instructions[i] = word
        for k, pin in enumerate(PINS):
            execctrl = pin << 24 | program.top << 12 | program.bottom << 7
            self.pio.write_uint32(SM0_EXECCTRL + k * SM_REGISTERS, execctrl)
            self.pio.write_uint32(SM0_PINCTRL + k * SM_REGISTERS, START_PIN << 15)
        for pin in (*PINS, START_PIN):
            self.chip.gpio[pin].pad_value = PAD_INPUT
            self.level(pin, False)
        self.cycle = 0

    def level(self, pin, level):
        """Set an input; what waits for it goes on."""
        self.chip.gpio[pin].set_input_value(level)

    def start(self, *machines):
        """Start them one after the other, some cycles apart, then all at one time."""
        enabled = 0
        for k in machines:
            self.pio.write_uint32(TXF0 + 4 * k, LOCKOUT)
            enabled |= 1 << k
            self.pio.write_uint32(CTRL, enabled)
            self.run(7 + k)
        self.run(20)
        self.level(START_PIN, True)
        self.cycle = 0

    def run(self, cycles):
        for _ in range(cycles):
            self.pio.advance(1)
        self.cycle += cycles

    def run_to(self, cycle):
        self.run(cycle - self.cycle)

    def counts(self, k):
        """What machine k pushed, as counts since the start."""
        found = []
        while not self.pio.machines[k].rx_fifo.empty:
            found.append(ONES - self.pio.read_uint32(RXF0 + 4 * k))
        return found


@pytest.fixture
def pio(program):
    return Pio(program)


def crossings(pio, times, period=800):
    """Let channel k cross at cycle `times[k]` for 10 cycles; returns the counts."""
    for _, k, level in sorted(
        [(t, k, True) for k, t in enumerate(times)]
        + [(t + 10, k, False) for k, t in enumerate(times)]
    ):
        pio.run_to(times[k] + (0 if level else 10))
        pio.level(PINS[k], level)
    pio.run_to(max(times) + period)
    return [pio.counts(k) for k in range(len(times))]


def test_differences_are_cycles_by_two_however_the_machines_were_started(pio):
    pio.start(0, 1, 2, 3)
    times = [1000, 1001, 1234, 4567]
    counts = crossings(pio, times)
    assert [len(found) for found in counts] == [1, 1, 1, 1]
    for k in range(4):
        assert abs((counts[k][0] - counts[0][0]) * 2 - (times[k] - times[0])) <= 2
    assert abs(counts[0][0] * 2 - times[0]) <= 8


@pytest.mark.parametrize("gap", range(1000, 1009))
def test_the_clock_runs_on_through_bursts(pio, gap):
    """A second burst is as long after the first as the cycles say, at every phase of the loops."""
    pio.start(0)
    times = [500]
    for _ in range(5):
        times.append(times[-1] + gap)
    found = []
    for t in times:
        pio.run_to(t)
        pio.level(PINS[0], True)
        pio.run(10)
        pio.level(PINS[0], False)
        pio.run(300)
        found += pio.counts(0)
    assert len(found) == len(times)
    for t, count in zip(times, found, strict=True):
        assert abs((count - found[0]) * 2 - (t - times[0])) <= 2


def test_a_burst_is_one_edge_until_the_lockout_has_passed_in_silence(pio):
    pio.start(0)
    for t in range(1000, 3000, 100):  # a ring-down of 100-cycle periods, 200 cycles of lockout
        pio.run_to(t)
        pio.level(PINS[0], True)
        pio.run(40)
        pio.level(PINS[0], False)
    last = pio.cycle
    pio.run_to(last + 4 * LOCKOUT + 12)
    pio.level(PINS[0], True)
    pio.run(10)
    counts = pio.counts(0)
    assert len(counts) == 2
    assert abs(counts[0] * 2 - 1000) <= 8
    assert abs(counts[1] * 2 - (last + 4 * LOCKOUT + 12)) <= 8


def test_a_crossing_in_the_lockout_is_none(pio):
    pio.start(0)
    pio.run_to(1000)
    pio.level(PINS[0], True)
    pio.run(10)
    pio.level(PINS[0], False)
    pio.run(4 * LOCKOUT - 20)
    pio.level(PINS[0], True)
    pio.run(10)
    pio.level(PINS[0], False)
    pio.run(1000)
    assert len(pio.counts(0)) == 1


def test_the_count_wraps_and_goes_on(pio):
    pio.start(0, 1)
    pio.run(100)
    for k in (0, 1):
        pio.pio.machines[k].x = 10  # 68 s later
    pio.run(100)
    start = pio.cycle
    times = [start + 50, start + 333]
    counts = crossings(pio, times)
    assert abs((counts[1][0] - counts[0][0]) * 2 - 283) <= 2
    assert counts[0][0] < 100, "it counts from 0 again"


def test_a_full_fifo_loses_the_newest_and_stops_nothing(pio):
    pio.start(0)
    for t in range(1000, 7000, 1000):
        pio.run_to(t)
        pio.level(PINS[0], True)
        pio.run(10)
        pio.level(PINS[0], False)
    pio.run(500)
    counts = pio.counts(0)
    assert [round(c * 2 / 1000) for c in counts] == [1, 2, 3, 4]
    pio.run_to(9000)
    pio.level(PINS[0], True)
    pio.run(10)
    assert abs(pio.counts(0)[0] * 2 - 9000) <= 10
