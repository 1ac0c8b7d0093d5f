"""Consistent Overhead Byte Stuffing (Cheshire & Baker 1999): frames without a zero byte."""

DELIMITER = b"\x00"


class CobsError(ValueError):
    """A stuffed block that cannot be a COBS frame; what it holds is noise."""


def encode(data: bytes | bytearray) -> bytes:
    """Stuff bytes so that none is zero; the delimiter is not added."""
    out = bytearray()
    for block in bytes(data).split(DELIMITER):
        start = 0
        while len(block) - start >= 254:
            out.append(255)
            out += block[start : start + 254]
            start += 254
        out.append(len(block) - start + 1)
        out += block[start:]
    return bytes(out)


def decode(data: bytes | bytearray) -> bytes:
    """Undo `encode`; raises CobsError when a block runs past the end or holds a zero."""
    out = bytearray()
    at = 0
    end = len(data)
    while at < end:
        code = data[at]
        stop = at + code
        if code == 0 or stop > end:
            raise CobsError("COBS block of %d at byte %d runs past %d bytes" % (code, at, end))
        out += data[at + 1 : stop]
        at = stop
        if code < 255 and at < end:
            out.append(0)
    return bytes(out)
