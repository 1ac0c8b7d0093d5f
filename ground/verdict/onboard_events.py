"""What an onboard event raises."""

from __future__ import annotations

from ground.model import Packet
from ground.verdict.alerts import Alerts
from ground.verdict.event_words import event_sensor, event_words
from ground.verdict.watch import UnitWatch
from protocol.schema.severity import EVENT_SEVERITY, Severity
from protocol.wire.events import SENSOR_FAULT, SENSOR_RECOVERED


def take_event(p: Packet, watch: UnitWatch, alerts: Alerts) -> None:
    """ST[05] of medium and high severity; a live sensor event is the sensor's own alarm."""
    event_id = int(p.decoded.raw["event_id"])
    severity = EVENT_SEVERITY[p.decoded.subtype]
    key, latching = f"event:{p.unit}:{event_id}", True
    if event_id in (SENSOR_FAULT, SENSOR_RECOVERED) and not p.late:
        key, latching = f"sensor:{p.unit}:{event_sensor(p)}", False
    if event_id == SENSOR_RECOVERED:
        alerts.clear(key)
    elif severity >= Severity.WARNING:
        alerts.rise(
            key, severity, event_words(p, watch.monitors), p.unit, p.onboard_us,
            latching=latching, late=p.late, evidence=(p.id,),
        )  # fmt: skip
