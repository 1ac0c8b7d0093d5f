"""What a check finds: where exactly, of whom and when, and what to do about it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Final

from protocol.schema.timescale import iso

RESTORE: Final = "keep the file and restore a backup; the rest of it stays readable"
UNOPENED: Final = "keep the file and restore a backup; no other command opens it as it is"
ASK_AGAIN: Final = (
    "start the ground station on it: it asks the unit for these again, while the unit has them"
)
KEPT_TWICE: Final = "the packets are stored beside it; only these bytes as received are in doubt"
PLOTS: Final = "plots over long spans may be wrong there; the packets are not"
DOUBT: Final = "do not rely on it; compare it with a backup"


@dataclass(frozen=True, slots=True)
class Damage:
    """One place. What is not known is None, and is then not spoken of."""

    what: str
    """What is wrong, in words."""
    next: str
    """What to do."""
    table: str | None = None
    rows: tuple[int, int | None] | None = None
    """First and last key; a last of None: up to the end."""
    unit: str | None = None
    packets: str | None = None
    """Their type."""
    boot: int | None = None
    records: tuple[int, int] | None = None
    link: str | None = None
    times_us: tuple[int, int] | None = None
    """First and last, UTC: onboard for packets and roll-ups, else the ground's."""

    def where(self) -> str:
        """The place in words."""
        words = [self.table or "file"]
        if self.rows:
            words[0] += f" row {_span(*self.rows)}"
        words += [f"{self.packets} of {self.unit}" if self.packets else self.unit or ""]
        words += [f"boot {self.boot}" if self.boot is not None else ""]
        words += [f"record {_span(*self.records)}" if self.records else ""]
        words += [f"link {self.link}" if self.link else ""]
        if self.times_us:
            first, last = map(told, self.times_us)
            words += [first if first == last else f"{first} to {last}"]
        return ", ".join(word for word in words if word)

    def __str__(self) -> str:
        return f"{self.where()}: {self.what}"

    def to_dict(self) -> dict[str, Any]:
        """For JSON: only what is known."""
        known = {k: v for k, v in asdict(self).items() if v is not None}
        if self.times_us:
            known["times"] = [told(t) for t in known.pop("times_us")]
        return known


@dataclass(slots=True)
class Findings:
    """All that a check found."""

    format: int | None = None
    damage: list[Damage] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    """What is no damage but worth knowing."""
    _known: set[Damage] = field(default_factory=set)

    def add(self, what: str, next_: str, **place: Any) -> None:
        """One more place; equal ones once."""
        one = Damage(what, next_, **place)
        if one not in self._known:
            self._known.add(one)
            self.damage.append(one)


def told(unix_us: int) -> str:
    """A time in words, whatever a damaged row says."""
    try:
        return iso(unix_us)
    except (ValueError, OverflowError, OSError):
        return f"{unix_us} µs"


def _span(first: int, last: int | None) -> str:
    if last is None:
        return f"{first} and on"
    return str(first) if first == last else f"{first}-{last}"
