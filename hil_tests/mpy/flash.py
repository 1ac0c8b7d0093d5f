"""A flash chip in a file for MicroPython's littlefs, and the end of its power at a chosen write."""

import random

BLOCK_BYTES = 4096  # the sector that an RP2 erases
PAGE_BYTES = 256  # what it programs at once
ERASED = b"\xff"

# How a write ends that loses the power
DROPPED, TORN, DONE, CACHED = range(4)
MODES = 4

# Operations of a block device (MicroPython's vfs.AbstractBlockDev)
_EIO = -5
_SYNC, _COUNT, _SIZE, _ERASE = 3, 4, 5, 6


class PowerCut(BaseException):
    """The power is gone; no OSError, for nothing runs on that could handle it."""


class Flash:
    """`blocks` erasable blocks in the file at `path`, which `make` makes; counts its `erases`.

    After `cut_after` writes (a program or an erase each) the next one is not done (DROPPED), half
    done (TORN), done (DONE), or gone with all since the last sync (CACHED), and from then on
    everything raises PowerCut.
    """

    def __init__(self, path, blocks, cut_after=None, mode=DROPPED):
        self.erases = 0
        self._closed = False
        self._dead = False
        self._blocks = blocks
        self._left = cut_after
        self._mode = mode
        self._unsynced = []  # (offset, bytes before)
        self._file = open(path, "r+b")

    @staticmethod
    def make(path, blocks, filling=ERASED):
        """A chip as it leaves the factory, or with something else on it."""
        with open(path, "wb") as file:
            for _ in range(blocks):
                file.write(filling * (BLOCK_BYTES // len(filling)))

    def readblocks(self, block, buffer, offset=0):
        if self._closed:
            return _EIO
        self._alive()
        self._file.seek(block * BLOCK_BYTES + offset)
        self._file.readinto(buffer)
        return 0

    def writeblocks(self, block, buffer, offset=0):
        if self._closed:
            return _EIO
        self._alive()
        at = block * BLOCK_BYTES + offset
        self._file.seek(at)
        if self._file.read(len(buffer)) != ERASED * len(buffer):
            raise ValueError(f"block {block} is programmed twice without an erase")
        self._write(at, bytes(buffer))
        return 0

    def ioctl(self, operation, argument):
        if self._closed:
            return _EIO
        self._alive()
        if operation == _COUNT:
            return self._blocks
        if operation == _SIZE:
            return BLOCK_BYTES
        if operation == _SYNC:
            self._unsynced = []
        elif operation == _ERASE:
            self.erases += 1
            self._write(argument * BLOCK_BYTES, ERASED * BLOCK_BYTES)
        return 0

    def close(self):
        """The chip is not read again through this object; what still tries (a garbage collector
        that closes files) gets an error."""
        self._closed = True
        self._file.close()

    def _alive(self):
        if self._dead:
            raise PowerCut()

    def _write(self, at, data):
        if self._left is None:
            self._put(at, data)
            return
        self._file.seek(at)
        before = self._file.read(len(data))
        if self._left > 0:
            self._left -= 1
            self._unsynced.append((at, before))
            self._put(at, data)
            return
        if self._mode == TORN:
            done = random.randrange(len(data))
            half = before[done] & data[done] | random.getrandbits(8) & (before[done] | data[done])
            self._put(at, data[:done] + bytes([half]) + before[done + 1 :])
        elif self._mode == DONE:
            self._put(at, data)
        elif self._mode == CACHED:
            for place, old in reversed(self._unsynced):
                self._put(place, old)
        self._dead = True
        self._file.flush()
        raise PowerCut()

    def _put(self, at, data):
        self._file.seek(at)
        self._file.write(data)
