"""A unit whose window holds all memory for 100 ms; run by test_memory.py on MicroPython.

Prints the texts of its events, and how many steps it made afterwards.
"""

import firmware.heap  # noqa: F401, I001 - first: it governs where the others' code goes

import sys

from firmware.boards.fixed import FixedBoard
from firmware.boards.this import this_board
from firmware.sensors.maker import simulated_window
from firmware.settings import Settings, load_json
from firmware.store.ram import RamFiles
from firmware.unit import STEP_US, Unit
from protocol.wire.events import SEVERITY, TASK_EXCEPTION
from protocol.wire.tables import TM_EVENT_INFO, TM_SERVICE, TM_SUBTYPE

GREEDY_US = 1_000_000
FREE_US = 1_100_000
END_US = 12_000_000  # failures are told each 10 s
_BODY = 26


def main(config):
    settings = Settings(load_json(config), live=False)
    board = FixedBoard(this_board())
    _, window = simulated_window(load_json(settings.table), settings, board)
    advance = window.advance

    hoard = []

    def greedy(tick_us):
        advance(tick_us)
        while tick_us == GREEDY_US:
            hoard.append(bytearray(64))

    window.advance = greedy
    kind = TM_EVENT_INFO + SEVERITY[TASK_EXCEPTION] - 1
    head = bytes((TM_SERVICE[kind], TM_SUBTYPE[kind]))

    def send(packet):
        if packet[7:9] == head:
            print(packet[_BODY + 10 : -2].rstrip(b"\0").decode())
        return True

    unit = Unit(settings, board, window, RamFiles(), send)
    for tick_us in range(0, END_US, STEP_US):
        if tick_us == FREE_US:
            hoard.clear()
        unit.step(tick_us)
    print("steps", END_US // STEP_US)


if __name__ == "__main__":
    main(sys.argv[1])
