"""Packs telemetry into a caller's buffer: the plain twin of protocol/schema/encode.py.

Layout: CCSDS 133.0-B primary header, PUS-C (ECSS-E-ST-70-41C) secondary header, boot id,
record number, the body that tables.py describes, CRC-16.
"""

from struct import pack_into

from protocol.wire.crc import packet_check
from protocol.wire.tables import TM_BODY_SIZE, TM_FORMAT, TM_SERVICE, TM_SUBTYPE

HEADER = ">HHHBBBHHIBHHI"
HEADER_SIZE = 26  # 6 primary, 14 secondary, 6 identity
PUS_VERSION = 2


def pack(
    buffer: bytearray,
    packet: int,
    apid: int,
    status: int,
    coarse: int,
    fine: int,
    type_count: int,
    boot_id: int,
    record: int,
    values: "tuple[int | bytes, ...] | list[int | bytes]",
) -> int:
    """Write one packet; returns its length in bytes.

    `packet` indexes tables.py; `values` are the body's raw integers and bytes in order.
    """
    size = HEADER_SIZE + TM_BODY_SIZE[packet] + 2
    pack_into(
        HEADER,
        buffer,
        0,
        0x0800 | apid,
        0xC000 | (record & 0x3FFF),
        size - 7,
        PUS_VERSION << 4 | status,
        TM_SERVICE[packet],
        TM_SUBTYPE[packet],
        type_count & 0xFFFF,
        0,
        coarse,
        fine >> 16,
        fine & 0xFFFF,
        boot_id,
        record,
    )
    pack_into(TM_FORMAT[packet], buffer, HEADER_SIZE, *values)
    check = packet_check(memoryview(buffer)[: size - 2])
    buffer[size - 2] = check >> 8
    buffer[size - 1] = check & 0xFF
    return size
