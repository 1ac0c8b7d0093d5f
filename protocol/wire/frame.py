"""Serial frames: COBS(packet + CRC-32) and a zero byte.

The CRC-32 starts from the schema hash, so that a peer of another schema fails loudly
(ground/receive tells it from damage). One deframer serves both ends of the line.
"""

from protocol.wire import cobs
from protocol.wire.crc import frame_check, packet_check
from protocol.wire.tables import SCHEMA_HASH

MAX_PACKET = 512
MIN_PACKET = 7  # primary header and one byte (CCSDS 133.0-B)
MAX_FRAME = MAX_PACKET + 4 + 4  # CRC-32, and COBS: one byte, and one more per 254


def encode(packet: bytes | bytearray, seed: int = SCHEMA_HASH) -> bytes:
    """One space packet as a serial frame with a delimiter on each side.

    The leading delimiter ends whatever noise stood on the line before.
    """
    check = frame_check(packet, seed) & 0xFFFFFFFF
    return cobs.DELIMITER + cobs.encode(bytes(packet) + check.to_bytes(4, "big")) + cobs.DELIMITER


def whole(packet: bytes | bytearray) -> bool:
    """True when the bytes are one space packet: the length fits and the CRC-16 holds."""
    size = len(packet)
    if not MIN_PACKET <= size <= MAX_PACKET:
        return False
    return ((packet[4] << 8) | packet[5]) + 7 == size and packet_check(packet) == 0


class Deframer:
    """Cuts a byte stream at the delimiters. Never raises, never stops, bounded in memory.

    `feed` returns a list of (packet, raw): packet is None when raw is no frame of this schema.
    Nothing is lost: every byte fed is in some raw, a delimiter, or still pending.
    """

    def __init__(self, seed: int = SCHEMA_HASH) -> None:
        self._seed = seed
        self._pending = bytearray()

    def feed(self, data: bytes | bytearray) -> list[tuple[bytes | None, bytes]]:
        found: list[tuple[bytes | None, bytes]] = []
        pending = self._pending
        pieces = bytes(data).split(cobs.DELIMITER)
        last = len(pieces) - 1
        for i, piece in enumerate(pieces):
            pending += piece
            if i < last:
                if pending:
                    raw = bytes(pending)
                    found.append((self._open(raw), raw))
                    pending = bytearray()
            elif len(pending) > MAX_FRAME:  # cannot become a frame any more
                found.append((None, bytes(pending)))
                pending = bytearray()
        self._pending = pending
        return found

    def _open(self, raw: bytes) -> bytes | None:
        if len(raw) > MAX_FRAME:
            return None
        try:
            data = cobs.decode(raw)
        except cobs.CobsError:
            return None
        packet = data[:-4]
        if len(data) < MIN_PACKET + 4 or not whole(packet):
            return None
        check = int.from_bytes(data[-4:], "big")
        return packet if frame_check(packet, self._seed) & 0xFFFFFFFF == check else None
