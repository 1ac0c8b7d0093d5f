"""A unit with a real window on fake pins, in virtual time: `BOARD CONFIG SCRIPT OUT`, every Python.

SCRIPT is JSON: `adc`: [pin, address, counts], `until_us`, `late_us` (each step comes so late) and
`edges`: [0.1 µs on the board's clock, channel], each put where the board's hardware puts it.
"""

import json
import sys

import machine

from firmware.boards.fixed import FixedBoard
from firmware.boards.this import this_board
from firmware.errors import ConfigError
from firmware.sensors.maker import real_window
from firmware.session import Session
from firmware.settings import Settings, load_json
from firmware.store.ram import RamFiles
from firmware.unit import STEP_US

IRQ_LATE_US = 40


def rp2():
    from rp2 import MACHINES

    from firmware.boards.rp2 import Rp2Board

    def edge(tenths, k):
        sm = MACHINES[k]
        count = (tenths - 10 * sm.in_base.raised_us) * machine.FREQ // 20000000
        sm.fifo.append((0xFFFFFFFF - count) & 0xFFFFFFFF)

    return Rp2Board, edge, lambda: None


def esp32():
    from esp32 import COUNTERS

    from firmware.boards.esp32 import Esp32Board

    def edge(tenths, k):
        counter = COUNTERS[k]
        (pwm,) = [pwm for pwm in machine.PWMS.values() if pwm.freq == 10000000]
        if counter.gate.level:
            return  # a latch is set once
        counter.counted = tenths - 10 * pwm.pin.raised_us
        counter.gate.level = 1
        now = machine.CLOCK_US[0]
        machine.CLOCK_US[0] = tenths // 10 + IRQ_LATE_US
        counter.gate.handler(counter.gate)
        machine.CLOCK_US[0] = now

    def after():
        for pin in machine.PINS.values():
            if pin.mode == machine.Pin.OUT and pin.lowered:
                pin.lowered = False
                for counter in COUNTERS.values():
                    counter.gate.level = 0

    return Esp32Board, edge, after


def main(name, config, script, out):
    kind, edge, after = {"rp2": rp2, "esp32": esp32}[name]()

    class Board(kind):
        def _ticks(self):
            return machine.CLOCK_US[0]

        def _elapsed(self, earlier, later):
            return later - earlier

    class Facts(FixedBoard):
        def clock_us(self):
            return wired.clock_us()

    script = load_json(script)
    for pin, address, counts in script["adc"]:
        machine.COUNTS[pin, address] = counts
    wired = Board()
    settings = Settings(load_json(config), live=False)
    wiring = load_json(settings.window)
    machine.SELECT.extend(wiring.get("select", []))
    edges = script["edges"]
    with open(out, "wb") as file:  # noqa: PTH123 - runs on MicroPython too

        def make(values, settings, board):
            return real_window(values, settings, wired)

        session = Session(
            settings, Facts(this_board()), wiring, RamFiles(), lambda p: file.write(p) > 0, make
        )
        for tick_us in range(0, script["until_us"], STEP_US):
            machine.CLOCK_US[0] = now = tick_us + script["late_us"]
            while edges and edges[0][0] <= now * 10:
                edge(*edges.pop(0))
            session.step(tick_us)
            after()
        session.unit.close()


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except ConfigError as error:
        print(json.dumps(str(error)))
        sys.exit(2)
