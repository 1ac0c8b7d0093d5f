"""The dictionary as plain data: for `/api/dictionary` and `panewatch dictionary --format json`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from protocol.schema.events import EVENTS, LEVELS
from protocol.schema.identity import schema_hash
from protocol.schema.onboard import POOL, SETTINGS
from protocol.schema.parameter import Entry, Limits, parameters
from protocol.schema.telecommand import TELECOMMANDS
from protocol.schema.telemetry import TELEMETRY


def as_json() -> dict[str, Any]:
    """The whole dictionary as plain data."""
    return {
        "schema": f"{schema_hash():08x}",
        "telemetry": [
            {**_head(t), "retention": t.retention.name.lower(), "parameters": _fields(t.body)}
            for t in TELEMETRY
        ],
        "telecommands": [
            {
                **_head(c),
                "hazardous": c.hazardous,
                "verifies": c.verifies and asdict(c.verifies),
                "parameters": [
                    {**known, **_bounds(p.entry)}
                    for known, p in zip(_fields(c.body), parameters(c.body), strict=True)
                ],
            }
            for c in TELECOMMANDS
        ],
        "events": [
            {"id": e.number, "severity": LEVELS[e.severity], "summary": e.summary} for e in EVENTS
        ],
        "pool": [asdict(p) for p in POOL],
        "settings": [asdict(s) for s in SETTINGS],
    }


def _head(packet: Any) -> dict[str, Any]:
    return {
        "name": packet.name,
        "service": packet.service,
        "subtype": packet.subtype,
        "summary": packet.summary,
    }


def _fields(body: Any) -> list[dict[str, Any]]:
    return [
        {
            "name": p.entry.name,
            "format": p.struct_format,
            "unit": p.entry.unit,
            "scale": p.entry.scale,
            "offset": p.entry.offset,
            "summary": p.entry.summary,
            "states": {str(k): v for k, v in p.entry.states.items()},
            "binary": p.entry.binary,
            "platform": p.entry.platform,
            "limits": _limits(p.entry.limits),
        }
        for p in parameters(body)
    ]


def _bounds(entry: Entry) -> dict[str, Any]:
    return {
        "low": entry.low,
        "high": entry.high,
        "default": entry.default,
        "setting": entry.setting,
        "onboard": entry.onboard,
    }


def _limits(limits: Limits | None) -> dict[str, Any] | None:
    if limits is None:
        return None
    return {"low": limits.low, "high": limits.high, "persistence": limits.persistence}
