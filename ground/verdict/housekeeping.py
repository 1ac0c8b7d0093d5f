"""What one housekeeping packet changes: sensors, limits, leaks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ground.model import Leak, Packet, UnitKey
from ground.monitor.leak import Shown
from ground.monitor.limits import LimitChange
from ground.verdict.alerts import Alerts
from ground.verdict.cabin import CABIN, first_of, shown_before
from ground.verdict.watch import UnitWatch
from ground.verdict.words import fall_words, leak_words, limit_words
from protocol.schema.severity import Severity

LEAK_SEVERITY: Final = {
    "gap1": Severity.WARNING,
    "gap2": Severity.CRITICAL,
    "cabin": Severity.SEVERE,
}


def take_housekeeping(
    p: Packet,
    values: dict[str, float],
    watch: UnitWatch,
    companions: Iterable[UnitWatch],
    alerts: Alerts,
) -> list[Shown]:
    """Judge a packet that is the newest of its unit; returns falls that nobody can explain.

    `companions` watch the other windows of the same vehicle: their gauges share its cabin.
    """
    before = {k.time_us: k for k in watch.leaks.leaks if k.active}
    vehicle = [watch, *companions]
    sensed = watch.sense(p, values)
    for name, reason in sensed.failed.items():
        _unhealthy(p, name, reason, alerts)
    for name in sensed.recovered:
        alerts.clear(f"sensor:{p.unit}:{name}")
    for change in sensed.changes:
        _limit(p.unit, change, alerts)
    for shown in sensed.shown:
        _shown(p, shown, watch, vehicle, alerts)
    active = {k.time_us for k in watch.leaks.leaks if k.active}
    for leak in before.values():
        if leak.time_us in active:
            continue
        told = first_of(leak, vehicle)
        if told is not None and not told.active:
            alerts.clear(_leak_key(told))
    return [shown for shown in sensed.shown if shown.verdict == "undetermined"]


def _unhealthy(p: Packet, name: str, reason: str, alerts: Alerts) -> None:
    words = f"sensor {name} is faulty: {reason}"
    alerts.rise(f"sensor:{p.unit}:{name}", Severity.WARNING, words, p.unit, p.onboard_us)
    alerts.found(p.unit, "sensor_fault", name, p.onboard_us, (p.id,))


def _limit(unit: UnitKey, change: LimitChange, alerts: Alerts) -> None:
    key = f"limit:{unit}:{change.parameter}"
    if change.level is Severity.NORMAL:
        alerts.clear(key)
        return
    alerts.rise(
        key, change.level, limit_words(change), unit, change.time_us,
        value=change.value, limit=change.limit,
    )  # fmt: skip


def _shown(
    p: Packet, shown: Shown, watch: UnitWatch, vehicle: list[UnitWatch], alerts: Alerts
) -> None:
    if shown.verdict == "leak":
        _leak(p, shown, watch, vehicle, alerts)
    elif shown.verdict == "sensor_fault":
        _denied(p, shown, shown.sensor, f"P/T of {shown.volume} falls with it alone", alerts)
    elif shown.verdict == "thermal":
        alerts.found(p.unit, "thermal", shown.volume, shown.time_us, shown.evidence)
    elif alerts.found(p.unit, "undetermined", shown.volume, shown.time_us, shown.evidence):
        words = fall_words(shown.volume, shown.fall)
        key = f"finding:{p.unit}:{shown.volume}"
        alerts.rise(
            key, Severity.DISTRESS, words, p.unit, shown.time_us, latching=True,
            evidence=shown.evidence,
        )  # fmt: skip


def _leak(
    p: Packet, shown: Shown, watch: UnitWatch, vehicle: list[UnitWatch], alerts: Alerts
) -> None:
    leak = watch.leaks.newest(shown.volume)
    if shown.volume == CABIN:
        others = [other for other in vehicle if other is not watch]
        if any(other.denies_cabin_leak(p.onboard_us, leak.rate_pa_s) for other in others):
            watch.leaks.withdraw(CABIN)
            _denied(p, shown, "p_cabin", "another gauge of the cabin sees no fall", alerts)
            return
        before = shown_before(leak, vehicle)
        if before is not None:
            watch.leaks.join(CABIN, (before.unit, before.time_us))
            return
    severity = LEAK_SEVERITY[shown.volume]
    alerts.rise(
        _leak_key(leak), severity, leak_words(leak, p.onboard_us), p.unit, leak.time_us,
        evidence=leak.packets,
    )  # fmt: skip
    alerts.concluded(alerts.findings.leak(leak, shown.sigma_s, alerts.now_us))


def _denied(p: Packet, shown: Shown, sensor: str, reason: str, alerts: Alerts) -> None:
    """A sensor that others contradict; nothing tells when it is good again, so it latches."""
    if alerts.found(p.unit, "sensor_fault", sensor, shown.time_us, shown.evidence):
        words = f"sensor {sensor} is faulty: {reason}"
        alerts.rise(
            f"finding:{p.unit}:{sensor}", Severity.WARNING, words, p.unit, shown.time_us,
            latching=True, evidence=shown.evidence,
        )  # fmt: skip


def _leak_key(leak: Leak) -> str:
    return f"leak:{leak.unit}:{leak.volume}"
