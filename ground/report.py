"""The report: what a recording amounts to, as JSON-ready data (the form of `panewatch report`)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, Protocol

from ground.model import Alarm, Finding, Impact, Leak, Rule, VehicleStatus
from protocol.schema.timescale import iso
from protocol.wire.tables import SCHEMA_HASH

DIGITS: Final = 6
"""Significant digits of computed figures: far beyond their uncertainty."""


class Concluded(Protocol):
    """What an assessor has concluded."""

    @property
    def impacts(self) -> Iterable[Impact]:
        """In order of onboard time."""

    @property
    def leaks(self) -> Iterable[Leak]:
        """In order of onset."""

    @property
    def findings(self) -> Iterable[Finding]:
        """In order of onboard time."""

    @property
    def alarms(self) -> Iterable[Alarm]:
        """In the order in which they rose."""

    @property
    def vehicles(self) -> Iterable[VehicleStatus]:
        """In the fleet's order."""


def report(
    assessor: Concluded, *, scenario: str | None, packets: int, sha256: str
) -> dict[str, Any]:
    """Everything that an assessor has concluded; `sha256` is that of telemetry.bin."""
    return {
        "scenario": scenario,
        "schema": f"{SCHEMA_HASH:08x}",
        "packets": packets,
        "sha256": sha256,
        "impacts": [_impact(i) for i in assessor.impacts],
        "leaks": [_leak(k) for k in assessor.leaks],
        "findings": [_finding(f) for f in assessor.findings],
        "alarms": [_alarm(a) for a in assessor.alarms],
        "vehicles": [_vehicle(v) for v in assessor.vehicles],
    }


def _impact(i: Impact) -> dict[str, Any]:
    return {
        "vehicle": i.unit.vehicle,
        "window": i.unit.unit,
        "pane": i.pane,
        "time": iso(i.time_us),
        "x_mm": i.x_mm,
        "y_mm": i.y_mm,
        "ellipse_mm": _plain(i.ellipse_mm),
        "localised": i.localised,
        "saturated": i.saturated,
        "late": i.late,
        "diameter_mm": _plain(i.diameter_mm),
    }


def _leak(k: Leak) -> dict[str, Any]:
    return {
        "vehicle": k.unit.vehicle,
        "window": k.unit.unit,
        "volume": k.volume,
        "time": iso(k.time_us),
        "rate_pa_s": _plain(k.rate_pa_s),
        "sigma_pa_s": _plain(k.sigma_pa_s),
        "hole_mm": _plain(k.hole_mm),
        "tau_s": _plain(k.tau_s),
        "half_s": _plain(k.half_s),
        "reserve_s": _plain(k.reserve_s),
        "active": k.active,
    }


def _finding(f: Finding) -> dict[str, Any]:
    return {
        "vehicle": f.unit.vehicle,
        "window": f.unit.unit,
        "verdict": f.verdict,
        "time": iso(f.time_us),
        "evidence": [list(p) for p in f.evidence],
    }


def _alarm(a: Alarm) -> dict[str, Any]:
    return {
        "id": a.id,
        "vehicle": a.vehicle,
        "window": a.unit.unit if a.unit else None,
        "severity": a.severity.label,
        "what": a.what,
        "time": iso(a.time_us),
        "state": a.state,
        "late": a.late,
    }


def _vehicle(v: VehicleStatus) -> dict[str, Any]:
    since = v.unknown_since_us
    return {
        "id": v.id,
        "status": v.status,
        "unknown_since": None if since is None else iso(since),
        "rules": [_rule(r) for r in v.rules],
        "history": [{"time": iso(t), "status": s, "rule": r} for t, s, r in v.history],
    }


def _rule(r: Rule) -> dict[str, Any]:
    return {"rule": r.name, "inputs": _plain(r.inputs), "uncertainty": r.uncertainty}


def _plain(value: Any) -> Any:
    """Numbers without noise digits, tuples as lists; anything that JSON cannot say as None."""
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") if abs(value) < float("inf") else None
    if isinstance(value, dict):
        return {key: _plain(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value
