"""Flash erases per record on littlefs with a board's geometry: on MicroPython.

`micropython erases.py FOLDER` prints three figures: of housekeeping, flushed per 32; of events,
flushed singly; of a unit's quiet hour with a ground that acknowledges.
"""

import sys

import vfs

from firmware.boards.fixed import FixedBoard
from firmware.boards.this import this_board
from firmware.sensors.simulated import SimulatedWindow
from firmware.store.files import FolderFiles
from firmware.store.recorder import Recorder
from firmware.store.segment import EVENT, HOUSEKEEPING
from firmware.unit import Unit
from firmware.world.world import World
from hil_tests.mpy.flash import PAGE_BYTES, Flash
from hil_tests.mpy.world_table import TABLE
from protocol.wire import tables, tc, tm

BLOCKS = 352  # a Pico's file system, 1.4 MB
STORE_BYTES = 512 * 1024  # as tools/board/files.py tells a board
RECORDS = 14000  # more than the store holds
STEP_US = 200_000
HOUR_US = 3_600_000_000
ACKNOWLEDGE_US = 1_000_000  # as ground/stream/outgoing.py does
MOUNT = "/flash"
KEY = bytes(range(32))


class Settings:
    """Of a unit."""

    vehicle, unit, apid, key, store_bytes = "sz20", "w1", 5, KEY, STORE_BYTES


def fresh(folder):
    """A new flash chip, formatted and mounted as a Pico does it."""
    path = folder + "/flash"
    Flash.make(path, BLOCKS)
    flash = Flash(path, BLOCKS)
    vfs.VfsLfs2.mkfs(flash, progsize=PAGE_BYTES)
    vfs.mount(vfs.VfsLfs2(flash, progsize=PAGE_BYTES), MOUNT)
    return flash


def series(folder, which):
    """Erases per 1000 records of one series, a second apart, until the store overflows."""
    flash = fresh(folder)
    recorder = Recorder(FolderFiles(MOUNT + "/store"), STORE_BYTES)
    buffer = bytearray(512)
    before = flash.erases
    for record in range(RECORDS):
        size = tm.pack(buffer, tables.TM_TIME, 5, 0, record, 0, 0, 1, record, (0,))
        recorder.append(bytes(buffer[:size]), which, record * 1_000_000)
    return _end(flash, flash.erases - before, RECORDS)


def quiet_hour(folder):
    """Erases per 1000 records of a whole unit in an hour without any event of the table."""
    flash = fresh(folder)
    sent = []

    def send(packet):
        sent.append(packet)
        return True

    quiet = dict(TABLE)
    quiet["events"] = []
    quiet["duration_us"] = HOUR_US
    window = SimulatedWindow(World(quiet, 5))
    unit = Unit(Settings, FixedBoard(this_board()), window, FolderFiles(MOUNT + "/store"), send)
    before = flash.erases
    counter = records = 0
    for tick_us in range(0, HOUR_US, STEP_US):
        unit.step(tick_us)
        if tick_us % ACKNOWLEDGE_US == 0 and sent:
            records += len(sent)
            sent.clear()
            values = (1, records, bytes(32))
            unit.receive(tc.build(tables.TC_COMMIT, 5, 0, counter, KEY, values, tc.ACK_NONE))
            counter += 1
    unit.close()
    return _end(flash, flash.erases - before, records + len(sent))


def _end(flash, erases, records):
    vfs.umount(MOUNT)
    flash.close()
    return erases * 1000 // records


if __name__ == "__main__":
    print("housekeeping_erases_per_1000_records", series(sys.argv[1], HOUSEKEEPING))
    print("event_erases_per_1000_records", series(sys.argv[1], EVENT))
    print("quiet_hour_erases_per_1000_records", quiet_hour(sys.argv[1]))
