"""CRC-16-CCITT of the space packet and CRC-32 of the serial frame, on every runtime."""

from binascii import crc32 as frame_check

__all__ = ["frame_check", "packet_check"]

try:
    from binascii import crc_hqx

    def packet_check(data: bytes | bytearray | memoryview) -> int:
        """CRC-16-CCITT (polynomial 0x1021, preset 0xFFFF; CCSDS 133.0-B) of bytes, as int."""
        return crc_hqx(data, 0xFFFF)

except ImportError:  # MicroPython has no crc_hqx
    from array import array

    def _make_table():  # type: ignore[no-untyped-def]
        for byte in range(256):
            crc = byte << 8
            for _ in range(8):
                crc = ((crc << 1) ^ 0x1021) & 0xFFFF if crc & 0x8000 else crc << 1
            yield crc

    _TABLE = array("H", _make_table())  # type: ignore[no-untyped-call]

    def packet_check(data: bytes | bytearray | memoryview) -> int:
        """CRC-16-CCITT (polynomial 0x1021, preset 0xFFFF; CCSDS 133.0-B) of bytes, as int."""
        crc = 0xFFFF
        table = _TABLE
        for byte in data:
            crc = ((crc << 8) & 0xFF00) ^ table[(crc >> 8) ^ byte]
        return crc
