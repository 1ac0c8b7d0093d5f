"""`firmware CONFIG` on an rp2 of fake pins, in real time on MicroPython's unix port.

An impact in the middle of the pane is heard by all six comparators each second.
"""

import sys

import machine
import rp2

from firmware.boards import this
from firmware.boards.rp2 import Rp2Board
from firmware.boards.unix import UnixBoard

COUNT = 30000
EACH_US = 1000000


class Board(Rp2Board):
    open_link = UnixBoard.open_link
    input_closed = UnixBoard.input_closed

    def stepped(self):
        Rp2Board.stepped(self)
        now_us = self.clock_us()
        if now_us >= self.next_us:
            self.next_us += EACH_US
            for sm in rp2.MACHINES.values():
                count = (now_us - self.started_us) * (machine.FREQ // 2000000)
                sm.fifo.append(0xFFFFFFFF - count)

    def edge_source(self, section, pins):
        source = Rp2Board.edge_source(self, section, pins)
        arm = source.arm

        def armed(lockout_us):
            arm(lockout_us)
            self.started_us = self.clock_us()
            self.next_us = self.started_us + EACH_US

        source.arm = armed
        return source

    next_us = 1 << 60
    started_us = 0


for address in range(8):
    machine.COUNTS[26, address] = [COUNT]
machine.SELECT.extend([10, 11, 12])
board = Board()
this.this_board = lambda: board

from firmware.__main__ import main  # noqa: E402 - after its board

sys.exit(main(sys.argv[1:]))
