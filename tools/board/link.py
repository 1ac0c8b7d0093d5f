"""How a unit on a board is linked: by its console, or by a broker that it reaches by itself."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import AddressValueError, IPv4Address
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from firmware.errors import ConfigError
from firmware.links.broker import Broker
from firmware.links.certificates import read_certificates
from ground.links.broker_address import PASSWORD, BrokerAddress
from tools.cli import link_options
from tools.cli.errors import InputError

CONSOLE: Final = "console"
WIFI: Final = ("ssid", "password")


@dataclass(frozen=True)
class LinkFiles:
    """What a link is made of, as the registry remembers it: files by name, never their content."""

    link: str = CONSOLE
    ca: str = ""
    password_file: str = ""
    wifi_file: str = ""


@dataclass(frozen=True)
class BoardLink:
    """A checked link. Without a broker it is the console."""

    files: LinkFiles = LinkFiles()
    broker: BrokerAddress | None = None
    wifi: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        """What may be shown: neither user nor password."""
        return self.broker.name if self.broker else CONSOLE

    @property
    def whole(self) -> str:
        """As the board's configuration has it, with the password: never to be shown."""
        return self.broker.whole if self.broker else CONSOLE

    @property
    def ca(self) -> Path | None:
        """The authority's certificate."""
        return Path(self.broker.ca) if self.broker and self.broker.ca else None


def read_link(files: LinkFiles) -> BoardLink:
    """Check a link as far as that goes without the board; raises InputError, which shows no secret.

    What a board would refuse on its console only is refused here.
    """
    if files.link == CONSOLE:
        if files.ca or files.password_file or files.wifi_file:
            raise InputError("--ca, --password-file and --wifi-file need --link mqtt[s]://…")
        return BoardLink(files)
    if not link_options.is_broker(files.link):
        raise InputError(
            "--link: console or mqtt[s]://[USER@]ADDRESS[:PORT]; for a UART write the board's "
            "files with panewatch firmware --board-files"
        )
    broker = _broker(files)
    wifi = _wifi(Path(files.wifi_file)) if files.wifi_file else {}
    return BoardLink(files, broker, wifi)


def _broker(files: LinkFiles) -> BrokerAddress:
    try:
        given = urlsplit(files.link).password
    except ValueError:
        given = None  # read_broker says what is wrong
    if given is not None:
        raise InputError(
            "--link: leave the password out of the address; give --password-file FILE or "
            f"{PASSWORD}"
        )
    if files.password_file and "@" not in files.link:
        raise InputError("--password-file needs a user: --link mqtt[s]://USER@ADDRESS[:PORT]")
    if files.ca and not files.link.startswith("mqtts:"):
        raise InputError("--ca needs --link mqtts://…: over mqtt:// nothing is encrypted")
    named = argparse.Namespace(ca=files.ca, password_file=files.password_file)
    broker = link_options.broker_of(files.link, named)
    try:
        IPv4Address(broker.host)
    except AddressValueError:
        raise InputError(
            f"--link {broker.name}: a board looks up no names, give the broker's IPv4 address"
        ) from None
    if broker.tls and not broker.ca:
        raise InputError(f"--link {broker.name}: a board trusts a file alone, give --ca FILE")
    try:
        Broker(broker.whole)
        if broker.ca:
            read_certificates(broker.ca)
    except ConfigError as error:
        raise InputError(f"--link {broker.name}: {error}") from None
    return broker


def _wifi(path: Path) -> dict[str, str]:
    """A network's name and password out of a file that only its owner may read."""
    form = '{"ssid": "…", "password": "…"}'
    try:
        mode = path.stat().st_mode
        values = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"--wifi-file {path}: {error.strerror}") from None
    except ValueError:
        raise InputError(f"--wifi-file {path}: write it as {form}") from None
    if os.name == "posix" and mode & 0o077:
        raise InputError(f"--wifi-file {path}: others may read it; make its mode 0600")
    good = isinstance(values, dict) and sorted(values) == sorted(WIFI)
    if not good or not all(isinstance(value, str) for value in values.values()):
        raise InputError(f"--wifi-file {path}: write it as {form}")
    return {name: values[name] for name in WIFI}
