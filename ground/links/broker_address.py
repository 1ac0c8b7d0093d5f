"""Where an MQTT broker is and who we are there.

`mqtt[s]://[user@]host[:port][?ca=FILE&password_file=FILE]`. The password stands in a file or in the
environment; one in the address itself is for addresses that a program makes for another.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from ground.links.link import LinkError
from ground.links.secrecy import without_passwords

PORTS: Final = {"mqtt": 1883, "mqtts": 8883}
FORM: Final = "write mqtt://[user@]host[:port] or mqtts://…[?ca=FILE], and password_file=FILE"
PASSWORD: Final = "PANEWATCH_MQTT_PASSWORD"  # noqa: S105 (a name)


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Password and user are None where there are none; `ca` is "" for what the system trusts."""

    tls: bool
    host: str
    port: int
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ca: str = ""

    @property
    def name(self) -> str:
        """What may be shown, and tells links apart: neither user nor password."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'mqtts' if self.tls else 'mqtt'}://{host}:{self.port}"

    @property
    def public(self) -> str:
        """With the user, without password."""
        return self._with(quote(self.user, safe="") if self.user else "")

    @property
    def whole(self) -> str:
        """With user and password: never to be shown."""
        account = quote(self.user, safe="") if self.user else ""
        if self.password is not None:
            account += f":{quote(self.password, safe='')}"
        return self._with(account)

    @property
    def complete(self) -> str:
        """All of it, for `read_broker` again: never to be shown."""
        return self.whole + (f"?ca={quote(self.ca)}" if self.ca else "")

    def _with(self, account: str) -> str:
        scheme, _, rest = self.name.partition("://")
        return f"{scheme}://{account}{'@' * bool(account)}{rest}"


def read_broker(url: str) -> BrokerAddress:
    """Read an address, and the password where it is; raises LinkError, which shows none."""
    shown = without_passwords(url)
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS.get(parts.scheme)
    except ValueError:  # its words would show a part of a password with a / in it
        raise LinkError(f"{shown}: no port from 1 to 65535; {FORM}") from None
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    tls = parts.scheme == "mqtts"
    ca = options.pop("ca", None) if tls else None
    file = options.pop("password_file", None)
    beyond = parts.path not in ("", "/") or parts.fragment or options
    if not port or not parts.hostname or beyond or "" in (ca, file):
        raise LinkError(f"{shown}: {FORM}")
    user = unquote(parts.username) if parts.username else None
    password = unquote(parts.password) if parts.password is not None else None
    if user and file:
        password = read_password(Path(file))
    elif user and password is None:
        password = os.environ.get(PASSWORD)
    elif file:
        raise LinkError(f"{shown}: password_file without a user; {FORM}")
    return BrokerAddress(tls, parts.hostname, port, user, password, ca or "")


def read_password(path: Path) -> str:
    """The first line of a file that only its owner may read; raises LinkError."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        mode = path.stat().st_mode
    except OSError as error:
        raise LinkError(f"password file {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise LinkError(f"password file {path}: is no text") from None
    if os.name == "posix" and mode & 0o077:
        raise LinkError(f"password file {path}: others may read it; make its mode 0600")
    if not lines or not lines[0]:
        raise LinkError(f"password file {path}: its first line is empty")
    return lines[0]
