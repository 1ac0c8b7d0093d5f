"""Who each part of a run is at a broker that is not the run's own."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address
from pathlib import Path

from ground.links.broker_address import BrokerAddress, read_broker
from ground.links.link import LinkError
from ground.model import UnitKey
from tools.broker.clients import GROUND, as_client, client_name
from tools.cli.errors import InputError


@dataclass(frozen=True)
class Accounts:
    """One user for all, or with `clients`, the folder of `broker config`, one for each."""

    broker: BrokerAddress
    clients: Path | None = None

    @property
    def ca(self) -> Path | None:
        """The file of the certificate behind the broker's; None for what the system trusts."""
        return Path(self.broker.ca).absolute() if self.broker.ca else None

    @property
    def for_boards(self) -> bool:
        """True when MicroPython can connect: by address alone, trusting a file alone."""
        try:
            IPv4Address(self.broker.host)
        except AddressValueError:
            return False
        return bool(self.broker.ca) or not self.broker.tls

    def of_ground(self) -> BrokerAddress:
        """The broker as the ground station connects to it; raises InputError."""
        return self._as(GROUND)

    def of_unit(self, unit: UnitKey) -> BrokerAddress:
        """The broker as a unit connects to it; raises InputError."""
        return self._as(client_name(unit))

    def _as(self, name: str) -> BrokerAddress:
        if self.clients is None:
            return self.broker
        try:
            return as_client(self.broker, self.clients, name)
        except LinkError as error:
            raise InputError(f"--broker-clients: {error}") from None


def accounts(url: str, clients: Path | None = None) -> Accounts:
    """Of `--broker URL`; raises InputError for what is no address of a broker."""
    if "://" not in url:
        raise InputError(f"--broker {url}: has no kind; write mqtt://{url}")
    try:
        return Accounts(read_broker(url), clients)
    except LinkError as error:
        raise InputError(f"--broker {error}") from None
