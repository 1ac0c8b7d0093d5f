"""Many serial frames at once: COBS undone in step over all of them, both check values held.

The delimiter after a frame is the end of its chain of code bytes, and its own value, 0, is a step
that stays there: so no frame needs a look of its own until all have ended.
"""

from __future__ import annotations

from binascii import crc32
from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ground.receive.grouping import grouped
from ground.receive.run import Run, like
from protocol.wire.tables import SCHEMA_HASH

CHECK: Final = 4
"""Bytes of the CRC-32."""
SHORT: Final = 254
"""A frame up to this long holds no block without a zero after it."""


def open_frames(data: bytes) -> Iterator[Run | bytes]:
    """Runs of like packets, and every other piece between delimiters as it stands, in order.

    `data` ends with a delimiter. No byte but delimiters is left out: what is no whole frame of this
    schema is in a piece.
    """
    pieces = _pieces(np.frombuffer(data, np.uint8))
    opened: NDArray[np.uint8] | None = None

    def opening(these: NDArray[np.int64], size: int) -> tuple[Run, NDArray[np.bool_]] | None:
        nonlocal opened
        if not CHECK + 1 < size <= SHORT:
            return None
        opened = _undone(data, pieces) if opened is None else opened
        return _run(opened, pieces[these, 0], size)

    return grouped(data, pieces, opening)


def _pieces(octets: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Begin and end of all that is not empty between delimiters, shape (pieces, 2)."""
    ends = np.flatnonzero(octets == 0)
    begins = np.concatenate(([0], ends[:-1] + 1))
    full = ends > begins
    return np.stack((begins[full], ends[full]), axis=1)


def _undone(data: bytes, pieces: NDArray[np.int64]) -> NDArray[np.uint8]:
    """The bytes with every code byte made the zero that it stands for.

    A damaged frame may run into others: those fail their check values, and are looked at singly.
    """
    octets = np.frombuffer(data + bytes(256), np.uint8)
    made = octets.copy()
    last = len(octets) - 1
    at = pieces[:, 0].copy()
    step = octets[at].astype(np.int64)
    while step.any():
        at += step
        np.minimum(at, last, out=at)
        made[at] = 0
        step = np.take(octets, at).astype(np.int64)
    return made


def _run(
    opened: NDArray[np.uint8], begins: NDArray[np.int64], size: int
) -> tuple[Run, NDArray[np.bool_]] | None:
    """Packets of frames of one size, and which of them are whole and alike."""
    rows = opened[begins[:, None] + np.arange(1, size)]
    body = size - 1 - CHECK
    found = like(rows[:, :body])
    if found is None:
        return None
    run, good = found
    told = rows[:, body:].copy().view(">u4")[:, 0]
    octets = run.table.tobytes()
    checks = [crc32(octets[at : at + body], SCHEMA_HASH) for at in range(0, len(octets), body)]
    good &= told == np.array(checks, np.uint32)
    return run, good
