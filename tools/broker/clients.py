"""Who may connect to a broker: names, passwords and their files."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from dataclasses import replace
from pathlib import Path
from typing import Final

from ground.links.broker_address import BrokerAddress, read_password
from ground.model import UnitKey

GROUND: Final = "ground"
"""A ground station's user, unless named otherwise."""
_SALT_BYTES: Final = 12
_ITERATIONS: Final = 101
"""As mosquitto_passwd has it. Stretching helps weak passwords; ours have 144 random bits."""
_PASSWORD_BYTES: Final = 18
_UNIT_PART: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,15}")
_GROUND_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")


def is_unit(unit: UnitKey) -> bool:
    """True for names as units have them: no wildcard of MQTT, no dot, no space."""
    return all(_UNIT_PART.fullmatch(part) for part in (unit.vehicle, unit.unit))


def is_ground_name(name: str) -> bool:
    """True for what can be a ground station's user: no dot, so never a unit's."""
    return _GROUND_NAME.fullmatch(name) is not None


def client_name(unit: UnitKey) -> str:
    """A unit's user and client id; a dot is in no vehicle's name, so no two units share one."""
    return f"{unit.vehicle}.{unit.unit}"


def new_password() -> str:
    """Random, of letters, digits, - and _."""
    return secrets.token_urlsafe(_PASSWORD_BYTES)


def hashed(password: str, salt: bytes | None = None) -> str:
    """In the form of mosquitto_passwd since Mosquitto 2.0: PBKDF2 with SHA-512."""
    salt = secrets.token_bytes(_SALT_BYTES) if salt is None else salt
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ITERATIONS)
    texts = [base64.b64encode(data).decode() for data in (salt, digest)]
    return f"$7${_ITERATIONS}${texts[0]}${texts[1]}"


def password_file(folder: Path, name: str) -> Path:
    """Where a client's password stands."""
    return folder / f"{name}.password"


def as_client(broker: BrokerAddress, folder: Path, name: str) -> BrokerAddress:
    """A broker, for the client whose password stands in a folder; raises LinkError."""
    return replace(broker, user=name, password=read_password(password_file(folder, name)))
