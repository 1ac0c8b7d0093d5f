"""Cuts the power of a unit's recorder on littlefs, again and again: on MicroPython.

`micropython power_cuts.py FOLDER CUTS SEED [FAULT]` prints how many cuts fell into which call, or
the promise that was broken (exit 1), with the seed of its chip and the number of the life.
"""

import random
import sys

import vfs

from firmware.boards.generic import GenericBoard
from firmware.downlink import Downlink
from firmware.services import event
from firmware.services.commands import FrontDoor
from firmware.services.keys import Keys
from firmware.services.parameters import Parameters
from firmware.services.storage import Storage
from hil_tests.mpy.flash import BLOCK_BYTES, ERASED, MODES, PAGE_BYTES, Flash, PowerCut
from hil_tests.mpy.ledger import BrokenError, Ledger
from hil_tests.mpy.watched import FAULTS, Witnessed
from protocol.wire import tables, tc
from protocol.wire.events import SENSOR_FAULT

APID = 5
KEY = bytes(range(32))
MOUNT = "/flash"
LIVES = 25  # of a chip
ALL = 0xFFFFFFFF
LONG_LIFE = 400  # steps
PART = bytes(200)

# (blocks of the chip, the recorder's capacity, what it must use before it drops records)
ROOMY = (128, 80 * 1024, 80 * 1024)
CROWDED = (48, 512 * 1024, 48 * BLOCK_BYTES // 2)


_used = []  # file systems: files that were open in a cut are closed when they are collected


class Chip:
    """One chip with its unit, from the factory on."""

    def __init__(self, path, size, make_files):
        self._path = path
        self._blocks, self._capacity, room_bytes = size
        self._make_files = make_files
        self._formatted = False
        self._counter = -1  # the highest that a command was taken with
        self._settings = [[default] for _, _, default in tables.SETTINGS]  # possible ones of each
        self.ledger = Ledger(room_bytes)
        self._torn = None  # a segment
        self._files = None
        self._recorder = None
        Flash.make(path, self._blocks, random.choice((ERASED, bytes(range(256)))))

    def live(self):
        """One life; returns the call in which the power was cut, None when it was not."""
        if self._formatted and not self.ledger.tail_bytes and random.randrange(3) == 0:
            self._tear()
        cut_after = random.randrange(random.choice((8, 80, 2000)))
        flash = Flash(self._path, self._blocks, cut_after, random.randrange(MODES))
        self._files = self._recorder = None
        try:
            self._mount(flash)
            self._files = self._make_files(MOUNT + "/store")
            self._run()
            return None
        except PowerCut:
            if self._recorder is not None:
                self.ledger.take_reports(self._recorder.reports, self._files)
            if self._files is None:
                return "start" if self._formatted else "format"
            return self._files.call
        finally:
            flash.close()
            _unmount()

    def _mount(self, flash):
        """As a port's _boot.py: what cannot be mounted was never formatted."""
        try:
            system = vfs.VfsLfs2(flash, progsize=PAGE_BYTES)
        except OSError:
            if self._formatted:
                raise BrokenError("a file system is gone") from None
            vfs.VfsLfs2.mkfs(flash, progsize=PAGE_BYTES)
            system = vfs.VfsLfs2(flash, progsize=PAGE_BYTES)
        self._formatted = True
        _used.append(system)
        vfs.mount(system, MOUNT)

    def _tear(self):
        """Leave behind a segment what another file system would leave of an append."""
        flash = Flash(self._path, self._blocks)
        self._mount(flash)
        files = FAULTS["none"](MOUNT + "/store")
        names = [name for name in files.names() if name.endswith(".seg")]
        if names:
            tail = b"\1\0half a record"
            self._torn = random.choice(names)
            files.append(self._torn, [tail])
            self.ledger.tail_bytes = len(tail)
        _unmount()
        flash.close()

    def _run(self):
        if self._torn not in self._files.names():
            self.ledger.tail_bytes = 0  # the whole segment has gone
        self._recorder = Witnessed(self._files, self._capacity, self.ledger)
        self.ledger.take_reports(self._recorder.reports, self._files)
        self.ledger.verify(self._recorder)
        down = Downlink(GenericBoard(), self._recorder, APID, lambda packet: True, 0, None)
        parameters = Parameters(down, self._files)
        storage = Storage(down, self._recorder)
        door = FrontDoor(down, self._recorder, APID, Keys(down, self._files, KEY))
        door.handlers = {
            tables.TC_COMMIT: storage.handle,
            tables.TC_SET_SETTING: parameters.change,
            tables.TC_REPORT_SETTING: parameters.report,
        }
        self._check_numbers(door, parameters)
        steps = (self._housekeeping, self._waveform, self._event, self._event, self._set)
        steps += (self._acknowledge,) * random.randrange(2)
        for _ in range(random.randrange(LONG_LIFE)):
            down.tick_us += random.choice((0, 20_000, 1_000_000, 1_000_000, 11_000_000))
            random.choice(steps)(down, door)
            self.ledger.take_reports(self._recorder.reports, self._files)
            self._files.watch()
            storage.step()
            down.deliver(_Nothing)

    def _check_numbers(self, door, parameters):
        if door.next_counter <= self._counter:
            raise BrokenError(f"command counter {door.next_counter} after {self._counter}")
        for i, possible in enumerate(self._settings):
            value = parameters.get(1 + i)
            if value not in possible:
                raise BrokenError(f"setting {1 + i} is {value}, not one of {possible}")
            self._settings[i] = [value]

    def _housekeeping(self, down, door):
        for _ in range(random.randrange(1, 12)):
            down.make(tables.TM_TIME, (down.tick_us,))

    def _waveform(self, down, door):
        for part in range(random.randrange(1, 40)):
            down.make(tables.TM_WAVEFORM_NEXT, (1, part, 151, len(PART), PART))

    def _event(self, down, door):
        event.report(down, SENSOR_FAULT, random.getrandbits(16), 0, "ae1")

    def _acknowledge(self, down, door):
        """Of a boot the ground has all or some; of most boots it takes all."""
        boot, oldest, newest = random.choice(self._recorder.kept())
        below = random.choice((newest + 1, (oldest + newest + 1) // 2))
        self.ledger.acknowledging(boot, below)
        self._command(door, tables.TC_COMMIT, (boot, below, bytes(32)), tc.ACK_NONE)
        self._files.unfair = False  # events that the ground has go before housekeeping

    def _set(self, down, door):
        setting = random.randrange(len(tables.SETTINGS))
        low, high, _ = tables.SETTINGS[setting]
        value = random.randrange(low, high + 1)
        self._settings[setting].append(value)
        self._command(door, tables.TC_SET_SETTING, (setting + 1, value), tc.ACK_ALL)
        self._settings[setting] = [value]

    def _command(self, door, command, values, ack):
        counter = door.next_counter + random.choice((0, 0, 0, 1, 300))
        packet = tc.build(command, APID, counter, counter, KEY, values, ack)
        accepted = door.accepted
        try:
            door.take(packet)
        finally:
            if door.accepted > accepted:
                self._counter = counter


class _Nothing:
    """No backlog."""

    @staticmethod
    def peek():
        return None


def _unmount():
    try:
        vfs.umount(MOUNT)
    except OSError:
        pass  # the cut came before it was mounted


def main(folder, cuts, seed, fault):
    """Exit code; prints the counts of cuts by call, then `overflows` and `torn`."""
    calls = {}
    cut = chips = overflows = torn = 0
    while cut < cuts:
        random.seed(seed + chips)
        chip = Chip(folder + "/chip", CROWDED if chips % 4 == 3 else ROOMY, FAULTS[fault])
        for life in range(LIVES):
            try:
                call = chip.live()
            except BrokenError as broken:
                print(f"seed {seed + chips}, life {life}: {broken}")
                return 1
            if call is not None:
                calls[call] = calls.get(call, 0) + 1
                cut += 1
        overflows += chip.ledger.overflows
        torn += chip.ledger.tails_cut
        chips += 1
    for call in sorted(calls):
        print(call, calls[call])
    print("overflows", overflows)
    print("torn", torn)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), (sys.argv[4:] or ["none"])[0]))
