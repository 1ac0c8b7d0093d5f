"""SQLite's write-ahead log beside an archive: what is committed there and cannot be read any more.

Frames are chained by checksums; from the first one on that is wrong, SQLite silently leaves out the
rest, as if it had never been committed. The format: https://www.sqlite.org/fileformat2.html#walformat
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Final

import numpy as np

from ground.archive.check.damage import Findings

_HEADER: Final = 32
_FRAME: Final = 24
_MAGIC: Final = (0x377F0682, 0x377F0683)
_NEXT: Final = "the units send again what they still have once the ground station runs"


def check_wal(path: Path, findings: Findings, *, running: bool) -> None:
    """Look through the log of an archive; with a ground `running` its end may be half written."""
    wal = path.with_name(f"{path.name}-wal")
    try:
        octets = wal.read_bytes()
    except FileNotFoundError:
        return
    if not octets:
        return
    head = octets[:_HEADER]
    if len(head) < _HEADER or int.from_bytes(head[:4], "big") not in _MAGIC:
        findings.add("the write-ahead log beside it is damaged in its header; what was committed "
                     "last may be lost", _NEXT)  # fmt: skip
        return
    order = ">u4" if head[3] & 1 else "<u4"
    sums = _sums(head[:24], order, (0, 0))
    if struct.pack(">II", *sums) != head[24:]:
        findings.add("the write-ahead log beside it is damaged in its header; what was committed "
                     "last may be lost", _NEXT)  # fmt: skip
        return
    page = int.from_bytes(head[8:12], "big")
    whole = _whole_frames(octets, order, sums, page)
    rest = _committed(octets, head[16:24], whole, page)
    if rest and not running:
        findings.add(
            f"the write-ahead log beside it is damaged at frame {whole + 1}: {rest} commits from "
            "there on are not read (after a loss of power this may be one that never was complete)",
            _NEXT,
        )


def _whole_frames(octets: bytes, order: str, sums: tuple[int, int], page: int) -> int:
    """How many frames hold, from the start."""
    salts, count, at = octets[16:24], 0, _HEADER
    while at + _FRAME + page <= len(octets):
        head = octets[at : at + _FRAME]
        if head[8:16] != salts:
            return count
        sums = _sums(head[:8] + octets[at + _FRAME : at + _FRAME + page], order, sums)
        if struct.pack(">II", *sums) != head[16:]:
            return count
        count, at = count + 1, at + _FRAME + page
    return count


def _committed(octets: bytes, salts: bytes, whole: int, page: int) -> int:
    """Commits of this log, not of an earlier one, behind its whole frames."""
    count = 0
    for at in range(_HEADER + whole * (_FRAME + page), len(octets) - _FRAME + 1, _FRAME + page):
        head = octets[at : at + _FRAME]
        count += head[4:8] != bytes(4) and head[8:16] == salts
    return count


def _sums(octets: bytes, order: str, begun: tuple[int, int]) -> tuple[int, int]:
    """SQLite's checksum, carried on: s0 += x[2k] + s1, s1 += x[2k + 1] + s0, modulo 2^32."""
    s0, s1 = begun
    words = np.frombuffer(octets, order).tolist()
    for k in range(0, len(words), 2):
        s0 = (s0 + words[k] + s1) & 0xFFFFFFFF
        s1 = (s1 + words[k + 1] + s0) & 0xFFFFFFFF
    return s0, s1
