"""A unit that also writes down what it makes and what it is told: `tee_unit TEE CONFIG.json`.

Every packet that it makes goes to TEE.made, every command that reaches it to TEE.taken; else it is
firmware's own main. Runs on CPython and MicroPython.
"""

import firmware.heap  # noqa: F401 - first: it governs where the others' code goes

# isort: split
import sys

from firmware.__main__ import main
from firmware.store.recorder import Recorder
from firmware.unit import Unit


def tee(owner, name, path):
    """Write down the packet of each call of a method before it is called."""
    method = getattr(owner, name)
    file = open(path, "ab")  # noqa: SIM115, PTH123 - until the end

    def call(self, packet, *rest):
        file.write(packet)
        file.flush()
        return method(self, packet, *rest)

    setattr(owner, name, call)


if __name__ == "__main__":
    tee(Recorder, "append", sys.argv[1] + ".made")
    tee(Unit, "receive", sys.argv[1] + ".taken")
    sys.exit(main(sys.argv[2:]))
