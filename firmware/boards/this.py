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
    if sys.platform == "rp2":
        from firmware.boards.rp2 import Rp2Board

        return Rp2Board()
    if sys.platform == "esp32":
        from firmware.boards.esp32 import Esp32Board

        return Esp32Board()
    from firmware.boards.generic import GenericBoard

    return GenericBoard()
