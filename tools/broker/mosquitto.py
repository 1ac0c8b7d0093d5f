"""Mosquitto's own files: configuration and access list."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from firmware.links.broker import MESSAGE_BYTES
from ground.model import UnitKey
from tools.broker.clients import client_name

MARK: Final = "# Written by panewatch broker config"
HEADER_BYTES: Final = 256
"""Room for MQTT's header and the longest topic."""
QUEUED_MESSAGES: Final = 100_000
QUEUED_BYTES: Final = 64 * 1024 * 1024
"""Kept for a ground station that is away; what does not fit it asks the units for."""
CONNECTIONS: Final = 256


def configuration(*, folder: Path, port: int, bind: str, chain: Path, key: Path, user: str) -> str:
    """`mosquitto.conf`; paths are absolute, `bind` "" is every address, `user` "" is the system's.

    Without `per_listener_settings` everything holds for the one listener that there is.
    """
    owner = f"user {user}\n" if user else ""
    return f"""{MARK}; yours from now on: run again, it changes
# users and access list only, unless it is told --replace.

# Who connects shows a user and a password, over TLS. The client id is the user: nobody can take
# over the session of another by calling itself so.
listener {port} {bind}
certfile {chain}
keyfile {key}
tls_version tlsv1.2
allow_anonymous false
use_username_as_clientid true
password_file {folder / "passwords"}
acl_file {folder / "acl"}
{owner}
# A message holds at most {MESSAGE_BYTES} bytes of telemetry; a longer packet ends its connection.
max_packet_size {MESSAGE_BYTES + HEADER_BYTES}
max_connections {CONNECTIONS}
max_inflight_messages 100
max_keepalive 120
sys_interval 0

# What comes while the ground station is away. The units' recorders keep all of it anyway.
persistence true
persistence_location {folder / "data"}/
autosave_interval 60
max_queued_messages {QUEUED_MESSAGES}
max_queued_bytes {QUEUED_BYTES}
persistent_client_expiration 14d

log_dest stderr
log_timestamp_format %Y-%m-%dT%H:%M:%S
""".replace(f"listener {port} \n", f"listener {port}\n")


def access_list(grounds: Iterable[str], units: Iterable[UnitKey]) -> str:
    """The access list: what is not named is denied, to everyone.

    The second level of a topic is the schema: a unit keeps its rights when its firmware changes.
    """
    parts = [f"{MARK} anew at each run; what is not listed is denied.\n"]
    parts += [
        f"user {name}\n"
        "topic read panewatch/+/+/+/tm\n"
        "topic read panewatch/+/+/+/status\n"
        "topic write panewatch/+/+/+/tc\n"
        for name in grounds
    ]
    for unit in units:
        topics = f"panewatch/+/{unit.vehicle}/{unit.unit}"
        parts.append(
            f"user {client_name(unit)}\n"
            f"topic write {topics}/tm\n"
            f"topic write {topics}/status\n"
            f"topic read {topics}/tc\n"
        )
    return "\n".join(parts)
