"""Which role each route needs at least; an action that does not stand here is for admins only.

`WS` stands for the opening of a WebSocket. Where reading is open (on loopback), a route for viewers
is for anyone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from ground.access.roles import Role

LEAST: Final[Mapping[str, Role]] = {
    # The pages hold no data and no secret; signing in comes before everything else.
    "GET /": Role.ANYONE,
    "GET /phone": Role.ANYONE,
    "GET /signin": Role.ANYONE,
    "GET /static/{file}": Role.ANYONE,
    "GET /openmct/{file}": Role.ANYONE,
    "GET /api/session": Role.ANYONE,
    "POST /api/session": Role.ANYONE,
    "DELETE /api/session": Role.ANYONE,
    # Looking
    "GET /api/openapi.json": Role.VIEWER,
    "GET /api/health": Role.VIEWER,
    "GET /api/dictionary": Role.VIEWER,
    "GET /api/journal": Role.VIEWER,
    "GET /api/report": Role.VIEWER,
    "GET /api/fleet": Role.VIEWER,
    "GET /api/units": Role.VIEWER,
    "GET /api/latest/{vehicle}/{unit}": Role.VIEWER,
    "GET /api/history/{vehicle}/{unit}/{parameter}": Role.VIEWER,
    "GET /api/completeness/{vehicle}/{unit}": Role.VIEWER,
    "GET /api/status": Role.VIEWER,
    "GET /api/impacts": Role.VIEWER,
    "GET /api/leaks": Role.VIEWER,
    "GET /api/findings": Role.VIEWER,
    "GET /api/alarms": Role.VIEWER,
    "GET /api/evidence/{alarm}": Role.VIEWER,
    "GET /api/counts": Role.VIEWER,
    "GET /api/limits": Role.VIEWER,
    "GET /api/commands": Role.VIEWER,
    "GET /api/commands/{command}": Role.VIEWER,
    "GET /api/metrics": Role.VIEWER,
    "POST /api/commands": Role.OPERATOR,
    "POST /api/commands/{command}/confirm": Role.OPERATOR,
    "POST /api/commands/{command}/cancel": Role.OPERATOR,
    "GET /api/inspections": Role.VIEWER,
    "WS /api/live": Role.VIEWER,
    # Operating
    "POST /api/alarms/acknowledge": Role.OPERATOR,
    "POST /api/alarms/{alarm}/acknowledge": Role.OPERATOR,
    "POST /api/alarms/{alarm}/note": Role.OPERATOR,
    "POST /api/alarms/{alarm}/shelve": Role.OPERATOR,
    "POST /api/inspections": Role.OPERATOR,
    "POST /api/contexts": Role.OPERATOR,
    # What counts as an alarm at all, and who was here
    "POST /api/limits": Role.ADMIN,
    "GET /api/access/log": Role.ADMIN,
}


def least(method: str, path: str) -> Role:
    """The least role that may do this; `path` as the server decoded it."""
    asked = f"{'GET' if method == 'HEAD' else method} {path}"
    unknown = Role.VIEWER if asked.startswith("GET ") else Role.ADMIN
    return next((role for pattern, role in _PATTERNS if pattern.fullmatch(asked)), unknown)


def _pattern(route: str) -> re.Pattern[str]:
    parts = re.split(r"(\{\w+\})", route)
    inside = {"{file}": ".+"}
    return re.compile(
        "".join(inside.get(p, "[^/]+") if p.startswith("{") else re.escape(p) for p in parts),
        re.DOTALL,
    )


_PATTERNS: Final = [(_pattern(route), role) for route, role in LEAST.items()]
