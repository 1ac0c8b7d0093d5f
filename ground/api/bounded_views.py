"""Lists that are sent again and again hold so much at most; beside them stands what there is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from heapq import nlargest
from typing import Final

from ground.alarms.flood import BEGINS_ABOVE, WINDOW_US
from ground.alarms.urgency import counts as alarm_counts
from ground.api.json_values import Json, when
from ground.api.source import Ground
from ground.model import Finding, Impact

HALF: Final = 100
"""So many of the gravest, and as many of the newest."""


def impacts(every: Sequence[Impact]) -> list[Impact]:
    """The gravest and the newest, in their order."""
    if len(every) <= 2 * HALF:
        return list(every)
    older = range(len(every) - HALF)
    kept = nlargest(HALF, older, key=lambda k: (_size(every[k]), k))
    return [every[k] for k in sorted(kept)] + list(every[-HALF:])


def findings(every: Sequence[Finding]) -> list[Finding]:
    """The newest that are more than strikes, and the newest of all, in their order."""
    if len(every) <= 2 * HALF:
        return list(every)
    older = [k for k in range(len(every) - HALF) if every[k].verdict != "strike"]
    strikes = [k for k in range(len(every) - HALF) if every[k].verdict == "strike"]
    kept = older[-HALF:]
    kept += strikes[max(len(strikes) - (HALF - len(kept)), 0) :]
    return [every[k] for k in sorted(kept)] + list(every[-HALF:])


def counts(ground: Ground) -> Json:
    """How many there are of what comes in bounded lists, and whether alarms flood."""
    flood = ground.flood()
    return {
        "alarms": asdict(alarm_counts(ground.alarms())),
        "flood": {
            "active": flood.since_us is not None,
            "since": when(flood.since_us),
            "alarms": flood.alarms,
            "limit": BEGINS_ABOVE,
            "window_s": WINDOW_US // 1_000_000,
        },
        "impacts": dict(Counter(str(i.unit) for i in ground.impacts())),
        "findings": dict(Counter(str(f.unit) for f in ground.findings())),
    }


def _size(hit: Impact) -> float:
    """The largest particle that it may have been, mm."""
    high = hit.diameter_mm[1]
    return float("inf") if high is None else high
