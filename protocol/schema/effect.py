"""What telemetry shows once a command has had its effect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from protocol.schema.calibration import words
from protocol.schema.parameter import Entry


class Relation(StrEnum):
    """How the reported value stands to the expected one."""

    EQUALS = "equals"
    BIT_SET = "has bit"
    BIT_CLEAR = "has not bit"


@dataclass(frozen=True)
class Effect:
    """The parameter that must change. A text among the numbers names an argument of the command."""

    report: str
    """Telemetry packet in which it stands."""
    parameter: str
    relation: Relation
    value: int | str
    where: Mapping[str, int | str] = field(default_factory=dict)
    """Values of other parameters by which the right report is known."""
    ask: str = ""
    """Command, with arguments of the same names, that makes the unit report it."""
    new_boot: bool = False
    """Only a later boot than the one that was commanded can show it."""
    within_s: float = 30.0
    """After the command was completed."""

    def number(self, value: int | str, arguments: Mapping[str, int | bytes]) -> int | bytes:
        """A number as it stands, or that of the argument of this name."""
        return arguments[value] if isinstance(value, str) else value

    def concerns(
        self, raw: Mapping[str, int | bytes], arguments: Mapping[str, int | bytes]
    ) -> bool:
        """True for the report that tells of this command's matter."""
        return all(raw.get(name) == self.number(v, arguments) for name, v in self.where.items())

    def shown(self, raw: Mapping[str, int | bytes], arguments: Mapping[str, int | bytes]) -> bool:
        """True when the report's raw values are what the command should lead to."""
        found, wanted = raw.get(self.parameter), self.number(self.value, arguments)
        if self.relation is Relation.EQUALS or found is None:
            return found == wanted
        bit = int(found) >> int(wanted) & 1
        return bool(bit) is (self.relation is Relation.BIT_SET)

    def words(
        self,
        found: int | bytes | None,
        entry: Entry,
        raw: Mapping[str, int | bytes],
        arguments: Mapping[str, int | bytes],
    ) -> str:
        """What a report shows of it: the parameter in its unit, or the bit that counts."""
        if found is None:
            return f"{self.report}: no {self.parameter}"
        if self.relation is Relation.EQUALS:
            return f"{self.report}: {self.parameter} is {words(entry, found, raw)}"
        bit = int(self.number(self.value, arguments))
        state = "set" if int(found) >> bit & 1 else "clear"
        return f"{self.report}: bit {bit} of {self.parameter} is {state}"
