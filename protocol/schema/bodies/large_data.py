"""ST[13] large data: the waveforms of a hit, in parts."""

from __future__ import annotations

from construct import Struct

from protocol.schema.parameter import U8, U16, parameter, text

PART_BYTES = 200


PART = Struct(
    parameter("transaction", U16, "Waveforms that the part belongs to; named in the hit report"),
    parameter("part", U16, "Number of the part, from 0"),
    parameter("parts", U16, "Parts in all"),
    parameter("length", U8, "Bytes of the part that count"),
    parameter("data", text(PART_BYTES), "The bytes: docs/wire-format.md, Waveforms", binary=True),
)
