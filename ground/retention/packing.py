"""The bytes of a state: its JSON, and the numbers of its arrays as they are, compressed together.

Arrays are nearly all of a state (windows of the leak fit). As text in the JSON they took seconds to
write, and a station that receives stood still for them.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from typing import Any, Final

from ground.retention.rooms import GraphError

SIZE_MAX: Final = 256 * 2**20
"""Bytes of a state: more is none of ours."""
_HEAD: Final = b"PWS1"


@dataclass(frozen=True, slots=True)
class Frozen:
    """A state that shares nothing with what it was taken of, so that any thread may pack it."""

    made: dict[str, Any]
    """Plain JSON; an array in it is named by its place in `arrays`."""
    arrays: list[bytes]


def packed(frozen: Frozen) -> bytes:
    """Takes long, and holds up nobody for most of it."""
    made = frozen.made | {"arrays": [len(one) for one in frozen.arrays]}
    text = json.dumps(made, separators=(",", ":")).encode()
    deflate = zlib.compressobj(1)
    parts = [deflate.compress(_HEAD + len(text).to_bytes(4, "big") + text)]
    parts += [deflate.compress(one) for one in frozen.arrays]
    return b"".join([*parts, deflate.flush()])


def unpacked(data: bytes) -> Frozen:
    """What was packed, or JSON alone, as earlier versions wrote it.

    Raises GraphError, or what zlib and JSON raise.
    """
    inflate = zlib.decompressobj()
    octets = inflate.decompress(data, SIZE_MAX)
    if inflate.unconsumed_tail:
        raise GraphError(f"it has more than {SIZE_MAX} bytes")
    if not inflate.eof or inflate.unused_data:
        raise GraphError("it is cut short, or more than it was")
    if not octets.startswith(_HEAD):
        return Frozen(json.loads(octets), [])
    at = len(_HEAD) + 4
    end = at + int.from_bytes(octets[at - 4 : at], "big")
    made = json.loads(octets[at:end])
    arrays = []
    for size in made["arrays"]:
        if type(size) is not int or not 0 <= size <= len(octets) - end:
            raise GraphError("its arrays are not as long as it says")
        arrays.append(octets[end : end + size])
        end += size
    if end != len(octets):
        raise GraphError("its arrays are not as long as it says")
    return Frozen(made, arrays)
