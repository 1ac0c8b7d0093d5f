"""The station's counters and gauges in Prometheus' text format, version 0.0.4."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from ground.api.source import Ground

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

Sample = tuple[Mapping[str, str], float]


def text(ground: Ground) -> str:
    """All metrics as they are now."""
    health, gauges, units = ground.health(), ground.gauges(), ground.units()
    named = [({"vehicle": u.unit.vehicle, "unit": u.unit.unit}, u) for u in units]
    links = [({"link": name}, counters) for name, counters in gauges.links.items()]
    open_alarms = Counter(
        (a.severity.label, a.state) for a in ground.alarms() if a.state != "normal"
    )
    families: list[tuple[str, str, str, Iterable[Sample]]] = [
        ("up", "gauge", "1 while everything is stored", [({}, health.ok)]),
        ("replay", "gauge", "1 where a recording is played, nothing is live",
            [({}, ground.replay() != "")]),
        ("uptime_seconds", "gauge", "Since the station began to receive",
            [({}, (health.now_us - health.started_us) / 1e6)]),
        ("link_up", "gauge", "1 while the link is open",
            [({"link": k.name}, k.state == "open") for k in health.links]),
        ("link_bytes_total", "counter", "Bytes received", [(k, c.octets) for k, c in links]),
        ("link_frames_total", "counter", "Whole packets of this schema",
            [(k, c.frames) for k, c in links]),
        ("link_damaged_total", "counter", "Pieces that are no frame",
            [(k, c.damaged) for k, c in links]),
        ("link_noise_bytes_total", "counter", "Bytes of such pieces",
            [(k, c.noise_bytes) for k, c in links]),
        ("link_dropped_total", "counter", "Messages for which there was no room",
            [({"link": name}, count) for name, count in gauges.dropped.items()]),
        ("link_refused_total", "counter", "Messages that are kept but not read",
            [({"link": name}, count) for name, count in gauges.refused.items()]),
        ("packets_total", "counter", "Packets taken in", [(k, u.packets) for k, u in named]),
        ("records_missing", "gauge", "Records not here yet", [(k, u.missing) for k, u in named]),
        ("records_given_up", "gauge", "Of those missing: not asked for any more",
            [(k, u.given_up) for k, u in named]),
        ("records_lost", "gauge", "Records lost on board", [(k, u.lost) for k, u in named]),
        ("clock_drift_ppm", "gauge", "How much faster than it should the unit's clock runs",
            [(k, u.drift_ppm) for k, u in named if u.drift_ppm is not None]),
        ("clock_accuracy_seconds", "gauge", "How much its times in UTC may be wrong",
            [(k, u.accuracy_s) for k, u in named if u.accuracy_s is not None]),
        ("unit_live", "gauge", "1 while the unit is heard",
            [(k, u.state == "live") for k, u in named]),
        ("unit_age_seconds", "gauge", "Since something live came",
            [(k, (health.now_us - u.last_received_us) / 1e6)
             for k, u in named if u.last_received_us is not None]),
        ("alarms", "gauge", "Alarms that are not over",
            [({"severity": severity, "state": state}, count)
             for (severity, state), count in sorted(open_alarms.items())]),
        ("alarms_recent", "gauge", "Alarms that asked for attention in the last ten minutes",
            [({}, ground.flood().alarms)]),
        ("refused_units", "gauge", "Units that nobody configured, beyond those taken in",
            [({}, gauges.refused_units)]),
        ("refused_packets_total", "counter", "Packets of such units, kept as bytes only",
            [({}, gauges.refused_packets)]),
        ("archive_bytes", "gauge", "Size of the archive on disk", [({}, gauges.archive_bytes)]),
        ("commands_waiting", "gauge", "Commands that wait for their unit",
            [({"vehicle": k.vehicle, "unit": k.unit}, n) for k, n in gauges.waiting.items()]),
    ]  # fmt: skip
    lines: list[str] = []
    for name, kind, words, samples in families:
        lines += [f"# HELP panewatch_{name} {words}", f"# TYPE panewatch_{name} {kind}"]
        lines += [f"panewatch_{name}{_labels(k)} {float(v):.15g}" for k, v in samples]
    return "\n".join(lines) + "\n"


def _labels(labels: Mapping[str, str]) -> str:
    told = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{told}}}" if told else ""


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
