"""What each state machine of an rp2 runs: a counter, and its value at each burst of a comparator.

X counts down, one a 2 cycles, from 2^32 - 1 at the common start, whatever else happens: every path
takes exactly twice as many cycles as it lowers X. So six machines that start together share one
clock without an interrupt. A burst is over when its comparator has been low for the lockout; its
first crossing is pushed. The names are the assembler's (`rp2.asm_pio`).
"""

import rp2

CYCLES_A_COUNT = 2
CYCLES_A_LOCKOUT = 4  # a unit of the lockout that is put into the FIFO at the start


@rp2.asm_pio()
def edge_times():
    pull()
    wait(0, pin, 0)
    wait(1, pin, 0)  # the start, one pin for all machines
    mov(x, invert(null))
    jmp("watch")
    label("edge")  # 1 cycle came before
    mov(isr, x)
    push(noblock)
    jmp(x_dec, "edge_1")
    label("edge_1")
    jmp(x_dec, "again")  # 5 cycles, 2 counts, and what follows is as after the jump in `hold`
    label("again")
    mov(y, osr)
    jmp(x_dec, "again_1")
    label("again_1")
    jmp(x_dec, "hold")  # 4 cycles with the jump in `hold`, 2 counts
    label("hold")
    jmp(pin, "again")
    jmp(x_dec, "hold_1")
    label("hold_1")
    jmp(x_dec, "hold_2")
    label("hold_2")
    jmp(y_dec, "hold")
    wrap_target()
    label("watch")
    jmp(pin, "edge")
    jmp(x_dec, "watch")
    wrap()
