"""What a hit report raises."""

from __future__ import annotations

from ground.model import Impact, Packet
from ground.monitor.impact import read_impact
from ground.monitor.size import equivalent_mm
from ground.verdict.alerts import Alerts
from ground.verdict.rules import WORTH_A_LOOK_MM
from ground.verdict.watch import UnitWatch
from ground.verdict.words import impact_words
from protocol.schema.severity import Severity


def take_hit(p: Packet, watch: UnitWatch, alerts: Alerts) -> Impact:
    """Its impact, with an alarm of its own and a finding."""
    faulty = () if p.late else tuple(watch.sensors.faults)
    impact = read_impact(p, watch.window, sigma_us=watch.sigma_us, picks=watch.picks, faulty=faulty)
    size = equivalent_mm(impact.diameter_mm)
    grave = impact.saturated or size is None or size >= WORTH_A_LOOK_MM
    alerts.rise(
        f"impact:{p.unit}:{p.id.boot}:{p.id.record}",
        Severity.CRITICAL if grave else Severity.WARNING,
        impact_words(impact, watch.window),
        p.unit, impact.time_us, latching=True, late=impact.late, evidence=(p.id,),
    )  # fmt: skip
    alerts.concluded(alerts.findings.impact(impact, alerts.now_us))
    return impact
