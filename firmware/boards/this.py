"""Which board layer this Python needs."""

import sys


def this_board():
    """The board that runs us."""
    if sys.implementation.name == "cpython":
        from firmware.boards.cpython import CpythonBoard

        return CpythonBoard()
    if sys.platform in ("linux", "darwin"):
        from firmware.boards.unix import UnixBoard

        return UnixBoard()
    from firmware.boards.generic import GenericBoard

    return GenericBoard()
