"""A unit that is a process: its launcher is its power supply, and its register of reset causes."""

import os

from firmware.services.boot import FAULT, POWER_ON, WATCHDOG

VARIABLE = "PANEWATCH_RESET"
FAILED = 1  # exit codes; 2 is wrong input
MAINTENANCE = 4
_SIGALRM = 14  # by which a watchdog ends it
_CRASHES = (4, 6, 7, 8, 11)  # SIGILL, SIGABRT, SIGBUS, SIGFPE, SIGSEGV


def told():
    """What the launcher says about the end before; by itself a start is a power-on."""
    reason = os.getenv(VARIABLE) or ""
    return int(reason) if reason.isdigit() else POWER_ON


def cause(code):
    """What to tell the next start of one that ended with this code (negative: by that signal)."""
    if code == -_SIGALRM:
        return WATCHDOG
    if code == FAILED or -code in _CRASHES:
        return FAULT
    return POWER_ON
