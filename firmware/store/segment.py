"""Segment files: records of u16 length, CRC-32 and one packet, appended one after the other.

A segment holds packets of one boot and one series; its name tells both.
"""

from binascii import crc32
from struct import pack, unpack_from

from firmware.store import boots
from protocol.wire import cuc
from protocol.wire.frame import MAX_PACKET
from protocol.wire.tm import HEADER_SIZE

HOUSEKEEPING = 0  # goes first when the recorder overflows
EVENT = 1

SUFFIX = ".seg"
_LETTERS = "he"
_HEADER = ">HI"
_HEADER_SIZE = 6
_CHUNK_BYTES = 1024  # read at once; holds the largest record
_IDENTITY_AT = 20  # boot id and record number behind the PUS header (protocol/wire/tm.py)
_MIN_RECORD = HEADER_SIZE + 2  # telemetry with an empty body
_NUMBERS = 1 << 32


class Segment:
    """What is known in memory about one segment file."""

    def __init__(self, series, boot, number):
        self.series = series
        self.boot = boot
        self.number = number
        self.size = 0
        self.first = 0
        self.last = -1

    @property
    def name(self):
        """The file's name: series, boot, number."""
        return "%s%05d-%06d%s" % (_LETTERS[self.series], self.boot, self.number, SUFFIX)

    def add(self, record, size):
        """Note a record of `size` bytes at the end."""
        if self.last < 0:
            self.first = record
        self.last = record
        self.size += size


def named(name):
    """The Segment that a file name stands for, or None for another file."""
    try:
        segment = Segment(_LETTERS.index(name[:1]), int(name[1:6]), int(name[7:-4]))
    except ValueError:
        return None
    ours = segment.name == name and 0 < segment.boot <= boots.LAST
    return segment if ours and 0 <= segment.number < _NUMBERS else None


def time_us(packet):
    """Time of a packet's header, µs."""
    coarse, high, low = unpack_from(">IBH", packet, 13)
    return cuc.to_us(coarse, high << 16 | low)


def identity(packet):
    """(boot id, record number) of a telemetry packet."""
    return unpack_from(">HI", packet, _IDENTITY_AT)


def stored_size(packet):
    """Bytes that a packet takes in a segment."""
    return _HEADER_SIZE + len(packet)


def to_record(packet):
    """A packet as it stands in a segment."""
    return pack(_HEADER, len(packet), crc32(packet) & 0xFFFFFFFF) + packet


def packets(files, name):
    """Yield a segment's packets up to its end or the first record that does not hold.

    No file stays open between two packets: the segment may be deleted meanwhile.
    """
    at = 0
    while True:
        try:
            data = files.read(name, at, _CHUNK_BYTES)
        except OSError:
            return
        used = 0
        while used + _HEADER_SIZE <= len(data):
            size, check = unpack_from(_HEADER, data, used)
            if not _MIN_RECORD <= size <= MAX_PACKET:
                break
            packet = data[used + _HEADER_SIZE : used + _HEADER_SIZE + size]
            if len(packet) < size:
                break  # goes on in the next chunk, or torn
            if crc32(packet) & 0xFFFFFFFF != check:
                return
            used += _HEADER_SIZE + size
            yield packet
        if used == 0:
            return
        at += used
