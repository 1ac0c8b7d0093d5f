"""Telecommands: PUS-C header, application data, security trailer, CRC-16.

The trailer (after CCSDS 355.0-B) is a u32 counter and the first 16 bytes of HMAC-SHA256 under
the unit's key over header, data and counter. `build` serves the ground, `parse` the unit.
"""

from struct import calcsize, pack, pack_into, unpack_from

from protocol.wire.crc import packet_check
from protocol.wire.frame import whole
from protocol.wire.hmac256 import equal, hmac256
from protocol.wire.tables import TC_FORMAT, TC_SERVICE, TC_SUBTYPE

HEADER = ">HHHBBBH"
HEADER_SIZE = 11
TRAILER_SIZE = 20  # counter 4, MAC 16
MAC_SIZE = 16
PUS_VERSION = 2

# Acknowledgements that the sender asks for (ECSS-E-ST-70-41C 7.4.4.1).
ACK_ACCEPTANCE = 8
ACK_START = 4
ACK_COMPLETION = 1
ACK_ALL = ACK_ACCEPTANCE | ACK_START | ACK_COMPLETION
ACK_NONE = 0

# Why a command is refused: the failure code of TM[1,2] and TM[1,8].
FAIL_MALFORMED = 1
FAIL_UNSIGNED = 2  # too short to carry a trailer
FAIL_FORGED = 3  # the MAC does not fit
FAIL_REPLAY = 4  # a used counter with another MAC, or one too old to know
FAIL_APID = 5
FAIL_UNKNOWN = 6  # no such service or subtype
FAIL_ARGUMENT = 7
FAIL_EXECUTION = 8
FAIL_FULL = 9  # no room for one more
FAIL_NO_ITEM = 10  # no such structure, monitor, event or setting
FAIL_BOARD = 11  # this board cannot: no simulated window, no self-test


class Command:
    """A parsed telecommand. `failure` is 0 when it may be executed, else a FAIL_ code."""

    def __init__(
        self,
        packet_id: int,
        sequence: int,
        ack: int,
        service: int,
        subtype: int,
        failure: int,
    ) -> None:
        self.packet_id = packet_id
        self.sequence = sequence
        self.ack = ack
        self.service = service
        self.subtype = subtype
        self.counter = 0
        self.mac = b""
        self.values: tuple[int | bytes, ...] = ()
        self.failure = failure


def build(
    command: int,
    apid: int,
    sequence: int,
    counter: int,
    key: bytes,
    values: "tuple[int | bytes, ...] | list[int | bytes]",
    ack: int = ACK_ALL,
) -> bytes:
    """One signed telecommand packet as bytes. `command` indexes tables.TC_FORMAT."""
    body = pack(TC_FORMAT[command], *values)
    size = HEADER_SIZE + len(body) + TRAILER_SIZE + 2
    packet = bytearray(size)
    pack_into(
        HEADER,
        packet,
        0,
        0x1800 | apid,
        0xC000 | (sequence & 0x3FFF),
        size - 7,
        PUS_VERSION << 4 | ack,
        TC_SERVICE[command],
        TC_SUBTYPE[command],
        0,
    )
    at = HEADER_SIZE + len(body)
    packet[HEADER_SIZE:at] = body
    pack_into(">I", packet, at, counter)
    packet[at + 4 : at + 20] = hmac256(key, bytes(packet[: at + 4]))[:MAC_SIZE]
    pack_into(">H", packet, at + 20, packet_check(packet[: at + 20]))
    return bytes(packet)


def parse(packet: bytes | bytearray, apid: int, key: bytes) -> Command | None:
    """Take a packet apart and check form, address, MAC and known type, in this order.

    Returns a Command (its `failure` says what does not hold), or None when the bytes are no
    telecommand packet at all. Whether the counter was used is the caller's memory to know.
    """
    if not whole(packet) or not packet[0] & 0x10:
        return None
    if len(packet) < HEADER_SIZE + 2:
        packet_id, sequence = unpack_from(">HH", packet)
        return Command(packet_id, sequence, 0, 0, 0, FAIL_MALFORMED)
    packet_id, sequence, _, version_ack, service, subtype, _ = unpack_from(HEADER, packet)
    result = Command(packet_id, sequence, version_ack & 15, service, subtype, FAIL_MALFORMED)
    if version_ack >> 4 == PUS_VERSION and packet[0] & 0x08:
        result.failure = _open(result, packet, apid, key)
    return result


def _open(result: Command, packet: bytes | bytearray, apid: int, key: bytes) -> int:
    """Fill in counter, MAC and values; returns the failure code, 0 when all holds."""
    at = len(packet) - 2 - TRAILER_SIZE
    if at < HEADER_SIZE:
        return FAIL_UNSIGNED
    if result.packet_id & 0x7FF != apid:
        return FAIL_APID
    result.counter = unpack_from(">I", packet, at)[0]
    result.mac = bytes(packet[at + 4 : at + 20])
    if not equal(hmac256(key, bytes(packet[: at + 4]))[:MAC_SIZE], result.mac):
        return FAIL_FORGED
    index = find(result.service, result.subtype)
    if index is None:
        return FAIL_UNKNOWN
    if calcsize(TC_FORMAT[index]) != at - HEADER_SIZE:
        return FAIL_ARGUMENT
    result.values = unpack_from(TC_FORMAT[index], packet, HEADER_SIZE)
    return 0


def find(service: int, subtype: int) -> int | None:
    """Index of a telecommand in tables.py, or None."""
    for i, known in enumerate(TC_SERVICE):
        if known == service and TC_SUBTYPE[i] == subtype:
            return i
    return None
