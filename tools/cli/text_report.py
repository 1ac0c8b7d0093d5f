"""The report (docs/command-line.md) as people read it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ground.verdict.inputs import inputs_words
from ground.verdict.words import span

Report = Mapping[str, Any]


def print_report(report: Report, *, as_json: bool) -> None:
    """On standard output."""
    if as_json:
        print(json.dumps(report, ensure_ascii=False))
    else:
        print(as_text(report), end="")


def as_text(report: Report) -> str:
    """The whole report, vehicles first: what must be decided on."""
    parts = [
        _head(report),
        _section("Return status", [line for v in report["vehicles"] for line in _vehicle(v)]),
        _section("Impacts", [_impact(i) for i in report["impacts"]]),
        _section("Leaks", [_leak(leak) for leak in report["leaks"]]),
        _section("Findings", [_finding(f) for f in report["findings"]]),
        _section("Alarms", [_alarm(a) for a in report["alarms"]]),
    ]
    return "\n".join(parts)


def _head(report: Report) -> str:
    name = report["scenario"] or "telemetry"
    words = f"{name}: {report['packets']} packets, schema {report['schema']}"
    return f"{words}\nsha256 {report['sha256']}\n"


def _section(title: str, lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in [title, *(f"  {line}" for line in lines or ["none"])])


def _clock(iso: str) -> str:
    """Time of day to the millisecond: 2025-11-04T00:00:15.012345Z to 00:00:15.012."""
    return iso[11:23]


def _vehicle(vehicle: Report) -> Iterator[str]:
    yield f"{vehicle['id']:10} {vehicle['status'] or '–'}"
    for rule in vehicle["rules"]:
        yield f"  {rule['rule']}: {inputs_words(rule['inputs'])} ({rule['uncertainty']})"
    for change in vehicle["history"]:
        yield f"  {_clock(change['time'])} {change['status']:5} {change['rule']}"


def _impact(impact: Report) -> str:
    low, high = impact["diameter_mm"]
    size = f"{low:.2g} mm or more" if high is None else f"{low:.2g} to {high:.2g} mm"
    if impact["localised"]:
        major, minor, angle = impact["ellipse_mm"]
        place = (
            f"at ({impact['x_mm']:.1f}, {impact['y_mm']:.1f}) mm, "
            f"95 % within {major:.1f} × {minor:.1f} mm at {angle:.0f}°"
        )
    else:
        place = "place unknown"
    flags = "".join(f", {flag}" for flag in ("saturated", "late") if impact[flag])
    return f"{_where(impact)} {impact['pane']} {place}, particle {size}{flags}"


def _leak(leak: Report) -> str:
    words = (
        f"{_where(leak)} {leak['volume']} loses {leak['rate_pa_s']:.3g} ± "
        f"{leak['sigma_pa_s']:.2g} Pa/s, hole {leak['hole_mm']:.2g} mm"
    )
    for key, name in (("half_s", "half pressure in"), ("reserve_s", "reserve")):
        if leak[key]:
            words += f", {name} {span(leak[key])}"
    return words


def _finding(finding: Report) -> str:
    return f"{_where(finding)} {finding['verdict']} ({len(finding['evidence'])} packets show it)"


def _alarm(alarm: Report) -> str:
    late = "LATE " if alarm["late"] else ""
    return f"{_clock(alarm['time'])} {alarm['severity']:8} {late}{alarm['what']} [{alarm['state']}]"


def _where(thing: Report) -> str:
    return f"{_clock(thing['time'])} {thing['vehicle']}/{thing['window']}"
