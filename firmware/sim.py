"""A unit in virtual time: `python -m firmware.sim CONFIG OUT`, the same bytes on every runtime.

No uplink and no sockets; OUT gets every packet in the order of making.
"""

import firmware.heap  # noqa: F401 - first: it governs where the others' code goes

# isort: split
import firmware.sensors.capture  # noqa: F401 - its 30 KB while the heap is in one piece

# isort: split
import os
import sys

from firmware.boards.fixed import FixedBoard
from firmware.boards.this import this_board
from firmware.errors import ConfigError
from firmware.session import Session
from firmware.settings import Settings, load_json, words
from firmware.store.files import FolderFiles
from firmware.store.ram import RamFiles
from firmware.unit import STEP_US


def simulate(config, table, sink, files=None, **options):
    """Run the whole table (a parsed event table) for the unit of `config` (a parsed configuration).

    sink(packet) is called with each packet's bytes; its result is ignored. `files` is a fresh
    recorder medium, by default in memory; `options` are those of Unit. Raises ConfigError.
    """

    def send(packet):
        sink(packet)
        return True

    settings = Settings(config, live=False)
    if files is None:
        files = RamFiles()
    board = FixedBoard(this_board())
    session = Session(settings, board, table, files, send, epoch_us=table["epoch_us"], **options)
    for tick_us in range(0, table["duration_us"], STEP_US):
        session.step(tick_us)
    session.unit.close()


def main(arguments):
    """Exit code of `firmware.sim CONFIG OUT`."""
    if len(arguments) != 2:
        print("usage: firmware.sim CONFIG OUT", file=sys.stderr)
        return 2
    config_path, out_path = arguments
    store = out_path + ".store"  # on the medium, for the heap is small
    try:
        config = load_json(config_path)
        table = load_json(Settings(config, live=False).table)
        with open(out_path, "wb") as out:
            files = FolderFiles(store)
            _clear(files)
            simulate(config, table, out.write, files)
        _clear(files)
        os.rmdir(store)
    except ConfigError as error:
        print("firmware.sim: %s: %s" % (config_path, error), file=sys.stderr)
        return 2
    except OSError as error:
        print("firmware.sim: cannot write %s (%s)" % (out_path, words(error)), file=sys.stderr)
        return 1
    return 0


def _clear(files):
    for name in files.names():
        files.remove(name)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
