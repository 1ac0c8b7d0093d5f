"""Holds a bundle: its digests, its raw bytes, and the alarm that it reaches when run again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ground.archive.archive import SCHEMA
from ground.evidence.bundle import read
from ground.evidence.case import Case
from ground.evidence.fields import alarm_fields, differences
from ground.evidence.raw import without_raw
from ground.evidence.rerun import Tell, reach
from ground.software import software


@dataclass(slots=True)
class Verdict:
    """What came of it."""

    alarm: dict[str, Any] = field(default_factory=dict)
    """As the bundle holds it; empty where it is too damaged to be read."""
    differences: list[tuple[str, Any, Any]] = field(default_factory=list)
    """(field, in the bundle, reached again)."""
    problems: list[str] = field(default_factory=list)
    """Why it is not what it was, in words."""
    notes: list[str] = field(default_factory=list)
    """What a reader should know, and which makes nothing wrong."""
    about: dict[str, Any] = field(default_factory=dict)
    packets: int = 0

    @property
    def identical(self) -> bool:
        """The bundle is as it was written, and its alarm was reached again."""
        return not (self.differences or self.problems)


def verify(data: bytes, tell: Tell = lambda *_: None) -> Verdict:
    """Never trusts what it reads; raises NotABundleError."""
    bundle = read(data)
    case = bundle.case
    if case is None:
        return Verdict(problems=bundle.damage)
    verdict = Verdict(case.alarm, about=case.about, packets=len(case.packets()))
    verdict.notes = _notes(case)
    lacking = len(without_raw(case.packets(), case.raw))
    said = case.about.get("packets_without_raw", 0)
    if lacking != said:
        verdict.problems.append(
            f"raw.jsonl: {lacking} packets stand in no frame there, the bundle says {said}"
        )
    elif lacking:
        verdict.notes.append(f"of {lacking} packets the archive had no raw bytes any more")
    try:
        alarm = reach(case, tell)
    except Exception as error:  # a bundle may be made to break what runs it
        what = " ".join(f"{type(error).__name__}: {error}".split())[:120]
        verdict.problems.append(f"it cannot be run ({what})")
        return verdict
    if alarm is None:
        key = case.alarm["key"]
        verdict.problems.append(f"no alarm {key[:80]} rises at its time when it is run again")
    else:
        verdict.differences = differences(case.alarm, alarm_fields(alarm))
    return verdict


def _notes(case: Case) -> list[str]:
    notes = []
    here = software()
    if case.schema != SCHEMA:
        notes.append(
            f"it was made under schema {case.schema:08x}, this is {SCHEMA:08x}; packets are "
            "decoded by the dictionary in the bundle"
        )
    older = {p.schema for p in case.packets()} - {case.schema}
    notes += [f"some of its packets are of schema {k:08x}, decoded by theirs" for k in older]
    if case.software != here:
        notes.append(
            f"it was made by other software: {_software(case.software)}; this is {_software(here)}"
        )
    if case.raised_with and case.raised_with != case.software:
        notes.append(f"the alarm rose under other software: {_software(case.raised_with)}")
    return notes


def _software(told: dict[str, str]) -> str:
    version, source = told.get("version", "unknown")[:40], told.get("source", "unknown")[:16]
    return f"panewatch {version}, source {source}"
