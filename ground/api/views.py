"""The ground's plain data as the JSON of docs/api.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict

from ground.api.json_values import Json, finite, when
from ground.api.source import Ground, JournalEntry, Sample, UnitState, Value
from ground.fleet import ACOUSTIC, Fleet, Window
from ground.model import Finding, Impact, Inspection, Leak, Rule, UnitKey, VehicleStatus
from ground.stream.completeness import Completeness, as_rows, total
from ground.verdict.figures import range_words
from ground.verdict.inputs import inputs_words
from ground.verdict.words import course_words, status_meaning
from protocol.schema.timescale import iso

CLOCK = ("offset_s", "accuracy_s", "drift_ppm", "drift_accuracy_ppm")


def ms(time_us: int) -> float:
    """µs to the `utc` of telemetry, ms since 1970."""
    return time_us / 1000


def health(ground: Ground, schema: str, version: str) -> Json:
    """The station itself, its links and archive."""
    state = ground.health()
    first = state.first_packet_us
    return {
        "ok": state.ok,
        "replay": ground.replay() or None,
        "schema": schema,
        "version": version,
        "uptime_s": (state.now_us - state.started_us) / 1e6,
        "first_packet_s": None if first is None else (first - state.started_us) / 1e6,
        "packets": state.packets,
        "links": [asdict(link) for link in state.links],
        "archive": state.archive,
        "queue": asdict(state.queue),
    }


def fleet(known: Fleet) -> Json:
    """Vehicles, windows, and where the sensors sit."""
    return {
        "vehicles": [
            {
                "id": v.id,
                "name": v.name,
                "role": v.role,
                "docked": v.docked,
                "seats": v.seats,
                "crew": v.crew,
                "windows": [_window(w) for w in v.windows],
            }
            for v in known.vehicles
        ]
    }


def _window(known: Window) -> Json:
    return {
        "id": known.id,
        "radius_mm": known.radius_mm,
        "ring_mm": known.ring_mm,
        "thickness_mm": known.thickness_mm,
        "vented": known.vented,
        "sensors": [
            {"name": name, "x_mm": x, "y_mm": y}
            for name, (x, y) in zip(ACOUSTIC, known.sensors, strict=True)
        ],
    }


def unit(state: UnitState) -> Json:
    """One unit's stream."""
    known = state.offset_s is not None
    return {
        "vehicle": state.unit.vehicle,
        "unit": state.unit.unit,
        "boot_id": state.boot_id,
        "link": state.link,
        "state": state.state,
        "last_received": when(state.last_received_us),
        "last_onboard": when(state.last_onboard_us),
        "missing": state.missing,
        "given_up": state.given_up,
        "lost": state.lost,
        "refilling": state.refilling,
        "packets": state.packets,
        "correlation": {name: getattr(state, name) for name in CLOCK} if known else None,
    }


def latest(values: Mapping[str, Value]) -> Json:
    """Newest housekeeping values with their staleness and limit state."""
    return {
        name: {
            "utc": ms(v.utc_us),
            "value": v.value,
            "stale": v.stale,
            "received": iso(v.received_us),
            "limit": v.limit,
        }
        for name, v in values.items()
    }


def impact(hit: Impact) -> Json:
    """An impact as in the report, with what a picture of it needs."""
    return {
        "vehicle": hit.unit.vehicle,
        "window": hit.unit.unit,
        "pane": hit.pane,
        "time": iso(hit.time_us),
        "x_mm": hit.x_mm,
        "y_mm": hit.y_mm,
        "ellipse_mm": hit.ellipse_mm,
        "localised": hit.localised,
        "saturated": hit.saturated,
        "late": hit.late,
        "diameter_mm": hit.diameter_mm,
        "peak_db": hit.peak_db,
        "sensors": hit.sensors,
        "received": iso(hit.received_us),
        "reason": hit.reason,
    }


def leak(found: Leak) -> Json:
    """A leak as in the report, and how it goes on in words."""
    left = found.half_s or found.reserve_s
    return {
        "vehicle": found.unit.vehicle,
        "window": found.unit.unit,
        "volume": found.volume,
        "time": iso(found.time_us),
        "rate_pa_s": found.rate_pa_s,
        "sigma_pa_s": found.sigma_pa_s,
        "hole_mm": found.hole_mm,
        "tau_s": found.tau_s,
        "half_s": found.half_s,
        "reserve_s": found.reserve_s,
        "active": found.active,
        "words": course_words(found),
        "range_words": range_words(left) if left else "",
    }


def finding(made: Finding) -> Json:
    """A finding with the packets that show it."""
    return {
        "vehicle": made.unit.vehicle,
        "window": made.unit.unit,
        "verdict": made.verdict,
        "time": iso(made.time_us),
        "late": made.late,
        "evidence": [list(p) for p in made.evidence],
        "history": [{"time": iso(t), "verdict": verdict} for t, verdict in made.history],
    }


def inspection(seen: Inspection) -> Json:
    """What a person saw."""
    return {
        "time": iso(seen.time_us),
        "author": seen.author,
        "vehicle": seen.unit.vehicle,
        "unit": seen.unit.unit,
        "pane": seen.pane,
        "result": seen.result,
        "length_mm": seen.length_mm,
        "through": seen.through,
        "note": seen.note,
    }


def journal_entry(entry: JournalEntry) -> Json:
    """Who did what when."""
    return {
        "time": iso(entry.time_us),
        "kind": entry.kind,
        "author": entry.author,
        "data": dict(entry.data),
    }


def _rule(fired: Rule) -> Json:
    return {
        "rule": fired.name,
        "status": fired.status,
        "words": fired.words,
        "inputs": fired.inputs,
        "inputs_words": inputs_words(fired.inputs),
        "uncertainty": fired.uncertainty,
    }


def vehicle_status(status: VehicleStatus, leaks: Iterable[Leak]) -> Json:
    """A vehicle's return status; a station has none and shows its leaks."""
    return {
        "id": status.id,
        "name": status.name,
        "role": status.role,
        "status": status.status,
        "meaning": status_meaning(status),
        "unknown_since": when(status.unknown_since_us),
        "rules": [_rule(r) for r in status.rules],
        "history": [{"time": iso(t), "status": s, "rule": r} for t, s, r in status.history],
        "tasks": [
            {
                "unit": t.unit.unit,
                "pane": t.pane,
                "x_mm": t.x_mm,
                "y_mm": t.y_mm,
                "radius_mm": t.radius_mm,
                "words": t.words,
            }
            for t in status.tasks
        ],
        "leaks": [leak(k) for k in leaks if k.unit.vehicle == status.id],
    }


def limits(ground: Ground) -> Json:
    """The limits that hold: the whole set, and of each vehicle those of its flight context."""
    held = ground.limits()
    contexts = {v.id: ground.context(v.id) for v in ground.fleet().vehicles}
    return {
        "version": held.version,
        "limits": held.to_dict(),
        "contexts": contexts,
        "within": {
            vehicle: {name: asdict(found) for name, found in held.within(context).items()}
            for vehicle, context in contexts.items()
        },
    }


def sample(given: Sample) -> Json:
    """A housekeeping packet for live views; equal to history, field for field."""
    return {
        "type": "data",
        "unit": str(given.unit),
        "utc": ms(given.utc_us),
        "late": given.late,
        "values": finite(dict(given.values)),
    }


def history(points: Iterable[tuple[int, float]], dropped: Iterable[tuple[int, int]]) -> Json:
    """History of one parameter, and which times retention has dropped of it."""
    return {
        "points": [{"utc": ms(t), "value": finite(v)} for t, v in points],
        "dropped_by_retention": [{"from": iso(first), "to": iso(last)} for first, last in dropped],
    }


def completeness(hours: Sequence[Completeness]) -> Json:
    """What is here and what is missing, by hour and altogether."""
    return {"hours": as_rows(hours, "utc", ms), "total": total(hours)}


def unit_key(ground: Ground, vehicle: str, name: str) -> UnitKey | None:
    """The unit of that name, or None when the ground knows none."""
    key = UnitKey(vehicle, name)
    return key if any(u.unit == key for u in ground.units()) else None
