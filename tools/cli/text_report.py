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
    days = sorted({iso[:10] for iso in _times(report)})
    # A day stands in the head; times of several days carry it each.
    at = 11 if len(days) == 1 else 0
    parts = [
        _head(report, days),
        _section("Return status", [line for v in report["vehicles"] for line in _vehicle(v, at)]),
        _section("Impacts", [_impact(i, at) for i in report["impacts"]]),
        _section("Leaks", [_leak(leak, at) for leak in report["leaks"]]),
        _section("Findings", [_finding(f, at) for f in report["findings"]]),
        _section("Alarms", [_alarm(a, at) for a in report["alarms"]]),
    ]
    return "\n".join(parts)


def _head(report: Report, days: list[str]) -> str:
    name = report["scenario"] or "telemetry"
    words = f"{name}: {_count(report['packets'], 'packet')}, schema {report['schema']}"
    when = f"{' to '.join(dict.fromkeys((days[0], days[-1])))}, times in UTC\n" if days else ""
    return f"{words}\n{when}sha256 {report['sha256']}\n"


def _section(title: str, lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in [title, *(f"  {line}" for line in lines or ["none"])])


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _times(value: Any) -> Iterator[str]:
    """Every time in a report."""
    for key, part in value.items() if isinstance(value, Mapping) else ():
        if key == "time":
            yield part
        for entry in part if isinstance(part, list) else ():
            yield from _times(entry)


def _clock(iso: str, at: int) -> str:
    """To the millisecond from `at`: 2025-11-04T00:00:15.012345Z to 00:00:15.012 (11)."""
    return iso[at:23].replace("T", " ")


def _vehicle(vehicle: Report, at: int) -> Iterator[str]:
    yield f"{vehicle['id']:10} {vehicle['status'] or '–'}"
    for rule in vehicle["rules"]:
        yield f"  {rule['rule']}: {inputs_words(rule['inputs'])} ({rule['uncertainty']})"
    for change in vehicle["history"]:
        yield f"  {_clock(change['time'], at)} {change['status']:5} {change['rule']}"


def _impact(impact: Report, at: int) -> str:
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
    return f"{_where(impact, at)} {impact['pane']} {place}, particle {size}{flags}"


def _leak(leak: Report, at: int) -> str:
    words = (
        f"{_where(leak, at)} {leak['volume']} loses {leak['rate_pa_s']:.3g} ± "
        f"{leak['sigma_pa_s']:.2g} Pa/s, hole {leak['hole_mm']:.2g} mm"
    )
    for key, name in (("half_s", "pressure halves every"), ("reserve_s", "reserve")):
        if leak[key]:
            words += f", {name} {span(leak[key])}"
    return words


def _finding(finding: Report, at: int) -> str:
    evidence = _count(len(finding["evidence"]), "packet")
    return f"{_where(finding, at)} {finding['verdict']} (shown by {evidence})"


def _alarm(alarm: Report, at: int) -> str:
    late = "LATE " if alarm["late"] else ""
    about = "/".join(filter(None, (alarm["vehicle"], alarm["window"])))
    where = f"{about}: " if about else ""  # the station's own are about none
    return (
        f"{_clock(alarm['time'], at)} {alarm['severity']:8} "
        f"{late}{where}{alarm['what']} [{alarm['state']}]"
    )


def _where(thing: Report, at: int) -> str:
    return f"{_clock(thing['time'], at)} {thing['vehicle']}/{thing['window']}"
