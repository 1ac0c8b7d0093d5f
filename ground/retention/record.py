"""What an archive says of itself: that its beginning was dropped, and what was known there."""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from ground.archive.archive import Archive
from ground.archive.errors import DamagedArchive, ForeignArchive
from ground.software import installed_version
from protocol.schema.timescale import iso

ENTRY: Final = "retention"
"""Kind of the journal's entries."""
_META: Final = "retention"
_PRUNED: Final = "pruned_us"
"""For checks of the archive: what came before this ground time need not be complete."""
_STILL: Final = "`panewatch export --what packets` still reads its packets"


@dataclass(frozen=True, slots=True)
class Dropped:
    """Everything up to number `seq` may be missing; what it amounts to is `state`."""

    seq: int
    until_us: int
    """Ground time."""
    state: bytes
    """ground/retention/state.py."""


def dropped_through(archive: Archive) -> Dropped | None:
    """How far retention has gone; None: nothing was ever dropped. Raises DamagedArchive."""
    text = archive.meta(_META)
    if text is None:
        return None
    try:
        data = json.loads(text)
        seq, until_us = data["seq"], data["until_us"]
        if type(seq) is not int or type(until_us) is not int:
            raise ValueError("its place is no number")
        state = base64.b64decode(data["state"], validate=True)
        made = Dropped(seq, until_us, state)
        if data.get("sha256", _digest(made)) != _digest(made):  # earlier versions wrote none
            raise ValueError("it is not as it was written")
    except (LookupError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise damaged(archive, str(error)[:120]) from None
    return made


def pruned_us(archive: Archive) -> int | None:
    """The ground time until which the last drop went; None: there was none, or it is illegible."""
    with suppress(ValueError):
        return int(archive.meta(_PRUNED) or "") - 1
    return None


def written_bytes(archive: Archive) -> int:
    """What the last drop wrote down takes in the archive; 0 before any."""
    return len(archive.meta(_META) or "")


def note(archive: Archive, dropped: Dropped) -> None:
    """With the next commit all up to there counts as dropped."""
    data = {
        "seq": dropped.seq,
        "until_us": dropped.until_us,
        "by": installed_version(),
        "sha256": _digest(dropped),
        "state": base64.b64encode(dropped.state).decode(),
    }
    archive.set_meta(_PRUNED, str(dropped.until_us + 1))
    archive.set_meta(_META, json.dumps(data))


def told(archive: Archive) -> list[dict[str, Any]]:
    """Every drop, for people: when, why, of which time, and how much."""
    return [
        {
            "time": iso(row.data["at_us"]),
            "by": row.author,
            "why": row.data["why"],
            "until": iso(row.data["until_us"]),
            "packets": row.data["packets"],
            "raw": row.data["raw"],
            "kept": row.data["kept"],
        }
        for row in archive.journal()
        if row.kind == ENTRY
    ]


def of_others(archive: Archive, words: str) -> ForeignArchive:
    """The state is of a version whose classes were others."""
    by = "another version"
    with suppress(LookupError, ValueError, TypeError):
        by = f"Panewatch {json.loads(archive.meta(_META) or '')['by']!s:.20}, another version"
    return ForeignArchive(
        archive.path or Path(":memory:"),
        f"what was known where retention has dropped its beginning was written by {by}, and this "
        f"one cannot take it over ({words}); go on with the version that wrote it, or keep the "
        f"file and start a new archive. {_STILL}",
    )


def damaged(archive: Archive, words: str) -> DamagedArchive:
    """The state is none: someone has edited it, or a disk has."""
    return DamagedArchive(
        archive.path or Path(":memory:"),
        f"what was known where retention has dropped its beginning is damaged ({words}); restore a "
        f"backup, or keep the file and start a new archive. {_STILL}",
    )


def _digest(dropped: Dropped) -> str:
    return sha256(f"{dropped.seq} {dropped.until_us} ".encode() + dropped.state).hexdigest()
