"""Which limits hold: those of the dictionary, as people have changed them, by flight context."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from hashlib import sha256
from json import dumps
from typing import Any, Final

from protocol.schema.decode import ENTRIES
from protocol.schema.parameter import Entry, Limits
from protocol.schema.severity import Severity

HOUSEKEEPING: Final[Mapping[str, Entry]] = ENTRIES["housekeeping"]
DOCKED, FREE_FLIGHT, REENTRY = "docked", "free_flight", "reentry"
CONTEXTS: Final = (DOCKED, FREE_FLIGHT, REENTRY)
ANY: Final = "any"
"""Limits of every context that has none of its own."""
LEVELS: Final = tuple(s.label for s in Severity if s is not Severity.NORMAL)
PERSISTENCE_MAX: Final = 3600


class LimitsError(ValueError):
    """Limits that cannot hold; `place` says which, `reason` what to correct."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"{place}: {reason}")
        self.place = place
        self.reason = reason


@dataclass(frozen=True, slots=True)
class LimitSet:
    """Limits by parameter and context (`any` or one of CONTEXTS), in engineering units."""

    by_parameter: Mapping[str, Mapping[str, Limits]]

    @classmethod
    def from_dict(cls, data: Any) -> LimitSet:
        """Read `{parameter: {context: {"low": {level: bound}, "high": …, "persistence": n}}}`.

        Raises LimitsError that names the place.
        """
        made: dict[str, dict[str, Limits]] = {}
        for parameter, contexts in _table("limits", data, _NUMBERS).items():
            place = f"limits.{parameter}"
            made[parameter] = {
                context: _limits(f"{place}.{context}", values)
                for context, values in _table(place, contexts, (ANY, *CONTEXTS)).items()
            }
        return cls(made)

    def to_dict(self) -> dict[str, Any]:
        """The same again: `LimitSet.from_dict(s.to_dict()) == s`."""
        return {
            parameter: {context: asdict(limits) for context, limits in sorted(contexts.items())}
            for parameter, contexts in sorted(self.by_parameter.items())
        }

    @property
    def version(self) -> str:
        """Eight digits that stand for what the set holds."""
        return sha256(dumps(self.to_dict(), sort_keys=True).encode()).hexdigest()[:8]

    def within(self, context: str) -> dict[str, Limits]:
        """The limits of each limited parameter in a context."""
        return {
            parameter: contexts.get(context) or contexts[ANY]
            for parameter, contexts in self.by_parameter.items()
            if context in contexts or ANY in contexts
        }

    def changed(self, changes: LimitSet) -> LimitSet:
        """This set with the parameters of another in place of its own."""
        return LimitSet({**self.by_parameter, **changes.by_parameter})


_NUMBERS: Final = tuple(name for name, entry in HOUSEKEEPING.items() if not entry.states)
DEFAULT: Final = LimitSet(
    {name: {ANY: e.limits} for name, e in HOUSEKEEPING.items() if e.limits is not None}
)
"""The dictionary's."""


def _limits(place: str, data: Any) -> Limits:
    values = _table(place, data, ("low", "high", "persistence"))
    low = _bounds(f"{place}.low", values.get("low", {}), rising=False)
    high = _bounds(f"{place}.high", values.get("high", {}), rising=True)
    if low and high and max(low.values()) >= min(high.values()):
        raise LimitsError(place, "a low bound lies above a high one: nothing would be within")
    persistence = values.get("persistence", Limits().persistence)
    if isinstance(persistence, bool) or not isinstance(persistence, int):
        raise LimitsError(f"{place}.persistence", "must be a whole number of samples")
    if not 1 <= persistence <= PERSISTENCE_MAX:
        raise LimitsError(f"{place}.persistence", f"must be 1 to {PERSISTENCE_MAX} samples")
    return Limits(low, high, persistence)


def _bounds(place: str, data: Any, *, rising: bool) -> dict[str, float]:
    """Bounds by level; a graver level lies further out."""
    bounds: dict[str, float] = {}
    table = _table(place, data, LEVELS)
    for level in LEVELS:
        if level not in table:
            continue
        value = table[level]
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise LimitsError(f"{place}.{level}", f"must be a number, not {value!r}")
        if not abs(value) <= sys.float_info.max:  # exact for whole numbers of any size
            raise LimitsError(f"{place}.{level}", "must be finite")
        if bounds:
            name, inner = next(reversed(bounds.items()))
            if value < inner if rising else value > inner:
                side = "below" if rising else "above"
                raise LimitsError(f"{place}.{level}", f"{value:g} lies {side} {name}, {inner:g}")
        bounds[level] = float(value)
    return bounds


def _table(place: str, data: Any, known: tuple[str, ...]) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise LimitsError(place, "must be a table")
    for key in data:
        if key not in known:
            near = get_close_matches(str(key), known, n=1)
            hint = f'; did you mean "{near[0]}"?' if near else ""
            raise LimitsError(place, f'unknown key "{key}"{hint} (known: {", ".join(known)})')
    return data
