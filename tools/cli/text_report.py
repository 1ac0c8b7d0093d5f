"""The report (docs/command-line.md) as people read it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ground.verdict.figures import number, size, span
from ground.verdict.figures import place as position
from ground.verdict.inputs import inputs_words

Report = Mapping[str, Any]
BAR: Final = 20
ALARMS: Final = "Alarms, by the time of their cause (number: as `panewatch evidence` takes it)"
HOURS: Final = 24
"""Hours with something missing that are shown of a unit; --json has them all."""


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
        _section(ALARMS, list(_alarms(report["alarms"], at))),
    ]
    if "units" in report:
        unknown = {v["id"]: v["unknown_since"] for v in report["vehicles"]}
        lines = [
            line
            for unit in report["units"]
            for line in _unit(unit, unknown.get(unit["vehicle"]), at)
        ]
        parts.append(_section("Telemetry: records that are known to exist", lines))
    if drops := report.get("dropped_by_retention"):
        parts.append(_section("Dropped by retention", [_drop(drop) for drop in drops]))
    return "\n".join(parts)


def _head(report: Report, days: list[str]) -> str:
    name = report["scenario"] or "telemetry"
    words = f"{name}: {_count(report['packets'], 'packet')}, schema {report['schema']}"
    when = f"{' to '.join(dict.fromkeys((days[0], days[-1])))}, times in UTC\n" if days else ""
    return f"{words}\n{when}sha256 {report['sha256']}\n"


def _drop(drop: Report) -> str:
    return (
        f"{drop['time'][:19]}Z  until {drop['until'][:19]}Z, for its {drop['why']}:"
        f" {_count(drop['packets'], 'packet')}; {drop['kept']} kept as evidence"
    )


def _section(title: str, lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in [title, *(f"  {line}" for line in lines or ["none"])])


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _times(value: Any) -> Iterator[str]:
    """Every time in a report."""
    for key, part in value.items() if isinstance(value, Mapping) else ():
        if key in ("time", "unknown_since") and part is not None:
            yield part
        for entry in part if isinstance(part, list) else ():
            yield from _times(entry)


def _clock(iso: str, at: int) -> str:
    """To the millisecond from `at`: 2025-11-04T00:00:15.012345Z to 00:00:15.012 (11)."""
    return iso[at:23].replace("T", " ")


def _vehicle(vehicle: Report, at: int) -> Iterator[str]:
    status, since = vehicle["status"] or "–", vehicle["unknown_since"]
    if since is None:
        yield f"{vehicle['id']:10} {status}"
    else:
        yield f"{vehicle['id']:10} {status}, UNKNOWN SINCE {_clock(since, at)}"
        yield "  what happened since then is not known, or not all of it: silence never means safe"
    for rule in vehicle["rules"]:
        yield f"  {rule['rule']}: {inputs_words(rule['inputs'])} ({rule['uncertainty']})"
    for change in vehicle["history"]:
        yield f"  {_clock(change['time'], at)} {change['status']:5} {change['rule']}"


def _impact(impact: Report, at: int) -> str:
    if impact["localised"]:
        major, minor, angle = impact["ellipse_mm"]
        place = (
            f"at {position(impact['x_mm'], impact['y_mm'])}, "
            f"95 % within {major:.1f} × {minor:.1f} mm at {angle:.0f}°"
        )
    else:
        place = "place unknown"
    flags = "".join(f", {flag}" for flag in ("saturated", "late") if impact[flag])
    particle = f"particle {size(impact['diameter_mm'])}"
    return f"{_where(impact, at)} {impact['pane']} {place}, {particle}{flags}"


def _leak(leak: Report, at: int) -> str:
    words = (
        f"{_where(leak, at)} {leak['volume']} loses {number(leak['rate_pa_s'])} ± "
        f"{number(leak['sigma_pa_s'], 2)} Pa/s at onset, hole {number(leak['hole_mm'], 2)} mm"
    )
    for key, name in (("half_s", "pressure halves every"), ("reserve_s", "reserve")):
        if leak[key]:
            words += f", {name} {span(leak[key])}"
    return words


def _finding(finding: Report, at: int) -> str:
    evidence = _count(len(finding["evidence"]), "packet")
    return f"{_where(finding, at)} {finding['verdict']} (shown by {evidence})"


def _alarms(alarms: list[Report], at: int) -> Iterator[str]:
    """Numbered as they rose: late data tells of what was before."""
    width = len(str(max((alarm["id"] for alarm in alarms), default=0)))
    for alarm in sorted(alarms, key=lambda a: (a["time"], a["id"])):
        yield f"{alarm['id']:{width}}  {_alarm(alarm, at)}"


def _alarm(alarm: Report, at: int) -> str:
    late = "LATE " if alarm["late"] else ""
    about = "/".join(filter(None, (alarm["vehicle"], alarm["window"])))
    where = f"{about}: " if about else ""  # the station's own are about none
    return (
        f"{_clock(alarm['time'], at)} {alarm['severity']:8} "
        f"{late}{where}{alarm['what']} [{alarm['state']}]"
    )


def _unit(unit: Report, unknown_since: str | None, at: int) -> Iterator[str]:
    """What is here of its records, then the newest hours of which some are missing.

    Nobody counts what a silent unit makes, so a full bar says nothing of that time.
    """
    yield f"{unit['vehicle']}/{unit['window']}  {_share(unit['records'])}"
    if unknown_since is not None:
        since = f"{unit['vehicle']} is unknown since {_clock(unknown_since, at)}"
        yield f"  {since}: records of that time may not be counted"
    yield f"  clock {_clock_words(unit['clock'])}"
    holey = [hour for hour in unit["hours"] if hour["received"] < hour["expected"]]
    if len(holey) > HOURS:
        yield f"  {_count(len(holey), 'hour')} with records missing, the newest {HOURS}:"
    for hour in holey[-HOURS:]:
        yield f"  {hour['hour'][:16].replace('T', ' ')} boot {hour['boot']}  {_share(hour)}"


def _clock_words(clock: Report | None) -> str:
    """Its drift and how well UTC is known from it."""
    if clock is None or clock["accuracy_s"] is None:
        return "not correlated yet"
    words = f"to UTC within {clock['accuracy_s'] * 1000:.3g} ms"
    if clock["drift_ppm"] is None:
        return f"{words}, drift not known yet"
    return f"{words}, drifts {clock['drift_ppm']:+.1f} ± {clock['drift_accuracy_ppm']:.1f} ppm"


def _share(counts: Mapping[str, int]) -> str:
    """A bar that is full only when nothing is missing, the percentage rounded down likewise."""
    received, expected = counts["received"], counts["expected"]
    full = received * BAR // expected if expected else 0
    permille = received * 1000 // expected if expected else 0
    missing = [
        f"{counts[name]} {name.replace('_', ' ')}" + (" on board" if name == "lost" else "")
        for name in ("not_fetched", "given_up", "lost")
        if counts[name]
    ]
    words = f": {', '.join(missing)}" if missing else ""
    bar = "█" * full + "░" * (BAR - full)
    return f"{bar} {permille / 10:5.1f} %  {received} of {_count(expected, 'record')}{words}"


def _where(thing: Report, at: int) -> str:
    return f"{_clock(thing['time'], at)} {thing['vehicle']}/{thing['window']}"
