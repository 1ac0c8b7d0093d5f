"""The rules of the return assessment. Each tells its inputs and how sure they are.

RED on evidence, AMBER while RED cannot be excluded. Every rule yields (time of its cause µs, Rule).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final

from ground.fleet import Vehicle, Window
from ground.model import Impact, Inspection, Leak, Rule, UnitKey
from ground.monitor.size import equivalent_mm
from ground.physics import crater, fracture
from ground.verdict.facts import FEWEST_SENSORS, VITAL, WindowFacts, struck
from ground.verdict.figures import clipped, duration, number, size
from ground.verdict.photo_task import edge_mm

GREEN: Final = "GREEN"
AMBER: Final = "AMBER"
RED: Final = "RED"

UNINSPECTED: Final = "uninspected"
LEAK: Final = "leak"
EDGE_MM: Final = 30.0
WORTH_A_LOOK_MM: Final = 0.1
SIZE_DOUBT: Final = "size from a level of ±20 dB: a factor of 2.2 in diameter either way"
NO_SIZE: Final = "not measured: the true size may be anything"
ANY_SIZE: Final = "clipped: the true size may be anything above"

Fired = Iterator[tuple[int, Rule]]


def standing_rules(vehicle: Vehicle, unit: UnitKey, facts: WindowFacts) -> Fired:
    """Every rule that fires for one window of a vehicle, those of impacts aside."""
    yield from _cracks(vehicle, unit, facts)
    yield from _leaks(unit, facts)
    yield from _falls(unit, facts)
    yield from _tempered(unit, facts)
    yield from _sensors(unit, facts)
    yield from _gauges(unit, facts)
    yield from _unmonitored(unit, facts)


def _rule(name: str, status: str, unit: UnitKey, words: str, doubt: str, **inputs: Any) -> Rule:
    return Rule(name, status, f"{unit}: {words}", {"window": unit.unit, **inputs}, doubt)


def _cracks(vehicle: Vehicle, unit: UnitKey, facts: WindowFacts) -> Fired:
    seen = facts.newest("outer")
    if seen is None or seen.result != "crack":
        return
    if seen.through:
        yield (
            seen.time_us,
            _rule(
                "through_crack", RED, unit,
                f"through-crack of {seen.length_mm:g} mm in the heat pane, seen by {seen.author}",
                "length as inspected; a crack counts as through until shown otherwise",
                pane="outer", length_mm=seen.length_mm, author=seen.author,
            ),
        )  # fmt: skip
    fired = _fracture(vehicle, unit, seen)
    if fired is not None:
        yield seen.time_us, fired


def _fracture(vehicle: Vehicle, unit: UnitKey, seen: Inspection) -> Rule | None:
    delta_k = vehicle.reentry_delta_k
    k_max = fracture.inspected_k_mpa_m05(seen.length_mm, delta_k, through=seen.through)
    if fracture.SAFETY * k_max < fracture.TOUGHNESS_MPA_M05:
        return None
    doubt = fracture.K_FACTOR_UNCERTAINTY
    return _rule(
        "fracture", RED, unit,
        f"that flaw: K_max {k_max:.2f} MPa√m × {fracture.SAFETY:g} ≥ "
        f"K_IC {fracture.TOUGHNESS_MPA_M05:g}, ΔT {delta_k:g} K",
        f"K {k_max / doubt:.2f} … {k_max * doubt:.2f} MPa√m (factor {doubt:g}); full constraint",
        pane="outer", length_mm=seen.length_mm, through=seen.through, k_max_mpa_m05=k_max,
        factor=fracture.SAFETY, k_ic_mpa_m05=fracture.TOUGHNESS_MPA_M05,
        reentry_delta_k=delta_k, stress_mpa=fracture.thermal_stress_mpa(delta_k),
    )  # fmt: skip


def _tempered(unit: UnitKey, facts: WindowFacts) -> Fired:
    for pane in ("middle", "inner"):
        seen = facts.newest(pane)
        if seen is not None and seen.result == "crack":
            yield (
                seen.time_us,
                _rule(
                    "tempered_crack", AMBER, unit,
                    f"crack of {seen.length_mm:g} mm in the {pane} pane, seen by {seen.author}",
                    "tempered glass is not modelled: let a specialist judge it",
                    pane=pane, length_mm=seen.length_mm, author=seen.author,
                ),
            )  # fmt: skip


def _leaks(unit: UnitKey, facts: WindowFacts) -> Fired:
    for leak in facts.leaks:
        if leak.volume not in VITAL:
            continue
        if not facts.is_looked_at(leak):
            yield leak.time_us, _leak(unit, leak)


def _leak(unit: UnitKey, leak: Leak) -> Rule:
    left = leak.half_s or leak.reserve_s
    name = "half_s" if leak.half_s else "reserve_s"
    return _rule(
        LEAK, RED, unit,
        f"{'confirmed' if leak.active else 'ended, uninspected'} leak of {leak.volume}: "
        f"{number(leak.rate_pa_s)} ± {number(leak.sigma_pa_s, 2)} Pa/s at onset, "
        f"hole {number(leak.hole_mm, 2)} mm",
        f"rate ±{number(leak.sigma_pa_s, 2)} Pa/s (1σ); gas temperature lag 30 … 120 s allowed for",
        volume=leak.volume, rate_pa_s=leak.rate_pa_s, sigma_pa_s=leak.sigma_pa_s,
        hole_mm=leak.hole_mm, tau_s=leak.tau_s, active=leak.active, **{name: left},
    )  # fmt: skip


def _falls(unit: UnitKey, facts: WindowFacts) -> Fired:
    for fall in facts.falls:
        if not facts.found_clear(fall.told):
            when = "" if fall.seconds is None else f" while nobody saw it for {fall.seconds:.0f} s"
            yield (
                fall.time_us,
                _rule(
                    "undetermined", AMBER, unit,
                    f"pressure of {fall.volume} fell{when}, and nobody has looked since",
                    "it cannot be told why: a leak is not excluded",
                    volume=fall.volume, seconds=fall.seconds,
                ),
            )  # fmt: skip


def impact_rules(impact: Impact, window: Window) -> Fired:
    """The rules that one uncleared impact makes fire; UNINSPECTED until someone has looked."""
    unit, time_us = impact.unit, impact.time_us
    thickness = window.thickness_of(struck(impact))
    low, high = impact.diameter_mm
    spall = crater.required_mm(crater.SPALL, low)
    if spall >= thickness:
        yield (
            time_us,
            _rule(
                "spall_lower", RED, unit,
                f"even the smallest particle that fits, {number(low, 2)} mm, spalls a "
                f"{thickness:g} mm pane",
                SIZE_DOUBT, diameter_mm=low, required_mm=spall, thickness_mm=thickness,
                pane=struck(impact),
            ),
        )  # fmt: skip
    if high is not None and (cracking := crater.required_mm(crater.CRACKING, high)) >= thickness:
        yield (
            time_us,
            _rule(
                "crack_upper", AMBER, unit,
                f"the largest particle that fits, {number(high, 2)} mm, "
                f"may crack a {thickness:g} mm pane",
                SIZE_DOUBT, diameter_mm=high, required_mm=cracking, thickness_mm=thickness,
                pane=struck(impact),
            ),
        )  # fmt: skip
    if not impact.localised:
        yield (
            time_us,
            _rule(
                "unlocalised", AMBER, unit,
                f"hit without a position: {impact.reason}",
                "it may lie at the edge", sensors=impact.sensors, reason=impact.reason,
            ),
        )  # fmt: skip
    yield from _edge(impact, window)
    if not impact.sized:
        yield (
            time_us,
            _rule(
                "unsized", AMBER, unit,
                "hit of unknown size: the unit measures no peaks",
                NO_SIZE, diameter_mm=list(impact.diameter_mm),
            ),
        )  # fmt: skip
    elif impact.saturated or high is None:
        yield (
            time_us,
            _rule(
                "saturated", AMBER, unit,
                f"hit of {size(impact.diameter_mm)}, {clipped(impact)}"
                + (": too loud to size" if high is None else ": the others tell its size"),
                ANY_SIZE if high is None else SIZE_DOUBT,
                diameter_mm=list(impact.diameter_mm), peak_db=impact.peak_db,
            ),
        )  # fmt: skip
    middle = equivalent_mm(impact.diameter_mm)
    if middle is None or middle >= WORTH_A_LOOK_MM:
        doubt = NO_SIZE if not impact.sized else ANY_SIZE if middle is None else SIZE_DOUBT
        worth = size(impact.diameter_mm) if impact.sized else "unknown size"
        yield (
            time_us,
            _rule(
                UNINSPECTED, AMBER, unit,
                f"hit of {worth} that nobody has looked at",
                doubt,
                diameter_mm=list(impact.diameter_mm), limit_mm=WORTH_A_LOOK_MM,
            ),
        )  # fmt: skip


def _edge(impact: Impact, window: Window) -> Fired:
    if not impact.localised or impact.x_mm is None or impact.y_mm is None:
        return
    distance = edge_mm(impact, window)
    if distance < EDGE_MM:
        major = impact.ellipse_mm[0] if impact.ellipse_mm else math.nan
        yield (
            impact.time_us,
            _rule(
                "edge", AMBER, impact.unit,
                f"hit {distance:.1f} ± {major:.1f} mm from the edge (limit {EDGE_MM:g} mm)",
                f"position ±{major:.1f} mm (95 %); panes are weakest at the edge",
                x_mm=impact.x_mm, y_mm=impact.y_mm, edge_mm=round(distance, 2), limit_mm=EDGE_MM,
            ),
        )  # fmt: skip


def _sensors(unit: UnitKey, facts: WindowFacts) -> Fired:
    for poor in facts.poor:
        if poor.end_us is None or not facts.poor_cleared(poor):
            words = "only" if poor.end_us is None else "for a time only"
            yield (
                poor.start_us,
                _rule(
                    "few_sensors", AMBER, unit,
                    f"{words} {poor.healthy} healthy acoustic sensors of {FEWEST_SENSORS} needed: "
                    "a hit may go unheard",
                    "as the unit reports their health",
                    healthy=poor.healthy, needed=FEWEST_SENSORS, now=poor.end_us is None,
                ),
            )  # fmt: skip


def _gauges(unit: UnitKey, facts: WindowFacts) -> Fired:
    for volume, since_us in facts.unseen.items():
        yield (
            since_us,
            _rule(
                "no_gauge", AMBER, unit,
                f"no healthy pressure sensor of {volume}: a leak would go unseen",
                "as the unit reports its health, or its values give it away", volume=volume,
            ),
        )  # fmt: skip


def _unmonitored(unit: UnitKey, facts: WindowFacts) -> Fired:
    cleared_us = facts.cleared_us("outer")
    spans = [(start, end) for start, end in facts.lost if end >= cleared_us]
    if spans:
        total_s = sum(end - start for start, end in spans) / 1e6
        yield (
            spans[0][0],
            _rule(
                "unmonitored", AMBER, unit,
                f"unmonitored for {duration(total_s)}: telemetry is lost for good",
                "from the last packet before to the first after each loss",
                seconds=total_s, losses=len(spans),
            ),
        )  # fmt: skip
