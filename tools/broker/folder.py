"""A folder with all that a Mosquitto needs for a station: written once, clients changed later."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

from ground.access.errors import AccessError
from ground.api.certificate import AUTHORITY, CHAIN, KEY, make_certificate, names_in
from ground.api.site import Certificate
from ground.model import UnitKey
from tools.broker import clients
from tools.broker.mosquitto import MARK, access_list, configuration
from tools.cli.errors import InputError

VERSION: Final = 1
CONFIG: Final = "mosquitto.conf"
PASSWORDS: Final = "passwords"
ACCESS: Final = "acl"
STATE: Final = "broker.json"
CLIENTS: Final = "clients"
TLS: Final = "tls"
DATA: Final = "data"


@dataclass
class State:
    """What `broker.json` remembers."""

    host: str
    """By which clients call it."""
    port: int
    ca: str
    """File behind its certificate; "" for what systems trust."""
    ground: list[str] = field(default_factory=list)
    units: list[str] = field(default_factory=list)
    """As `vehicle/window`."""

    @property
    def keys(self) -> list[UnitKey]:
        """The units."""
        return [UnitKey(*name.split("/")) for name in self.units]

    @property
    def names(self) -> list[str]:
        """Every client's user, the ground stations first."""
        return [*self.ground, *map(clients.client_name, self.keys)]


class BrokerFolder:
    """The files in `folder`; each method raises InputError for what cannot be, OSError."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.config = self.folder / CONFIG
        self.clients = self.folder / CLIENTS
        if any(char in str(self.folder) for char in "\r\n"):
            raise InputError(f"{folder}: no name for a folder of Mosquitto's")

    def check_ours(self) -> None:
        """A configuration of somebody else's is never written over."""
        if self.config.exists() and not self.config.read_text(errors="replace").startswith(MARK):
            raise InputError(f"{self.config}: is not of `broker config`; name another --out")

    def state(self) -> State | None:
        """What is written here; None in a folder without a broker."""
        path = self.folder / STATE
        if not path.exists():
            return None
        try:
            values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            if values.pop("version") != VERSION:
                raise ValueError
            found = State(**values)
            right = all(map(clients.is_ground_name, found.ground))
            right = right and all(map(clients.is_unit, found.keys))
        except (ValueError, TypeError, KeyError, AttributeError):
            right = False
        if not right:
            raise InputError(f"{path}: cannot be understood; --replace writes all of it anew")
        return found

    def begin(
        self,
        hosts: Sequence[str],
        port: int,
        bind: str | None,
        certificate: Certificate | None,
        ca: Path | None,
        user: str,
    ) -> State:
        """Write everything but clients; a certificate is made unless one is given."""
        try:
            if certificate is None:
                certificate = make_certificate(self.folder / TLS, hosts)
                ca = self.folder / TLS / AUTHORITY
            else:
                hosts = [*hosts, *names_in(certificate.chain)][:1]
        except AccessError as error:
            raise InputError(str(error)) from None
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        shutil.rmtree(self.clients, ignore_errors=True)
        (self.folder / PASSWORDS).unlink(missing_ok=True)
        for name in (CLIENTS, DATA):
            (self.folder / name).mkdir(mode=0o700, exist_ok=True)
        if bind is None:
            bind = (
                "127.0.0.1" if is_loopback(hosts[0]) else ""
            )  # by which clients are told to call it
        text = configuration(
            folder=self.folder,
            port=port,
            bind=bind,
            chain=certificate.chain.absolute(),
            key=certificate.key.absolute(),
            user=user,
        )
        _write(self.config, text)
        return State(hosts[0], port, str(ca.absolute()) if ca else "")

    def write_clients(self, state: State, fresh: Iterable[str]) -> list[str]:
        """Write users and access list; `fresh` and new clients get a password. Returns these.

        The others' stay as they are, also those that somebody has added by hand.
        """
        path = self.folder / PASSWORDS
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        held = dict(line.partition(":")[::2] for line in lines if line)
        wanted = [name for name in state.names if name in set(fresh) or name not in held]
        for name in wanted:
            password = clients.new_password()
            held[name] = clients.hashed(password)
            _write(clients.password_file(self.clients, name), f"{password}\n")
        _write(path, "".join(f"{name}:{digest}\n" for name, digest in held.items()))
        _write(self.folder / ACCESS, access_list(state.ground, state.keys))
        _write(self.folder / STATE, json.dumps({"version": VERSION} | asdict(state), indent=1))
        return wanted

    def forget(self, state: State, unit: UnitKey) -> None:
        """Take a unit's rights away, from the next `write_clients` on."""
        if str(unit) not in state.units:
            raise InputError(f"{unit} is not known here; known: {', '.join(state.units)}")
        state.units.remove(str(unit))
        name = clients.client_name(unit)
        path = self.folder / PASSWORDS
        kept = [k for k in path.read_text().splitlines() if k.partition(":")[0] != name]
        _write(path, "".join(f"{line}\n" for line in kept))
        clients.password_file(self.clients, name).unlink(missing_ok=True)

    def give_to(self, user: str) -> None:
        """Mosquitto's files to the user that it runs as; passwords and authority stay ours."""
        names = (CONFIG, PASSWORDS, ACCESS, DATA, TLS, f"{TLS}/{CHAIN}", f"{TLS}/{KEY}")
        for path in (self.folder, *(self.folder / name for name in names)):
            if path.exists():
                shutil.chown(path, user)


def is_loopback(name: str) -> bool:
    """True for what reaches this computer only."""
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def _write(path: Path, text: str) -> None:
    """Whole or not at all, for the owner only; a file that is there keeps its owner."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    if path.exists() and hasattr(os, "geteuid") and os.geteuid() == 0:
        held = path.stat()
        os.chown(fresh, held.st_uid, held.st_gid)
    fresh.replace(path)
