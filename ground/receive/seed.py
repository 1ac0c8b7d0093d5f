"""CRC-32 run backwards: which seed makes a frame's check value hold.

The register update of one byte, s' = T[(s ^ b) & 255] ^ (s >> 8), can be undone: the top byte of
s' is the top byte of the table entry, and those are all different (Stigge et al., "Reversing CRC",
HU Berlin 2006). Polynomial 0xEDB88320 as in zlib.
"""

from __future__ import annotations

from typing import Final

_MASK: Final = 0xFFFFFFFF


def _entry(byte: int) -> int:
    for _ in range(8):
        byte = (byte >> 1) ^ (0xEDB88320 if byte & 1 else 0)
    return byte


_TABLE: Final = tuple(_entry(byte) for byte in range(256))
_BY_TOP: Final = {entry >> 24: (index, entry) for index, entry in enumerate(_TABLE)}


def seed_of(packet: bytes, check: int) -> int:
    """The seed with which `zlib.crc32(packet, seed) == check`."""
    state = check ^ _MASK
    for byte in reversed(packet):
        index, entry = _BY_TOP[state >> 24]
        state = ((state ^ entry) << 8 & _MASK) | (index ^ byte)
    return state ^ _MASK
