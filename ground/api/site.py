"""Where the API answers: address, names, port, TLS; and what follows for browsers."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Final

LOOPBACK: Final = "127.0.0.1"
_LOOPBACK_NAMES: Final = (LOOPBACK, "localhost", "[::1]")


@dataclass(frozen=True, slots=True)
class Certificate:
    """PEM files of a server: its certificate with those that vouch for it, and its key."""

    chain: Path
    key: Path


@dataclass(slots=True)
class Site:
    """One listening address. `port` is known once the server listens."""

    host: str = LOOPBACK
    """A numeric address of this computer; 0.0.0.0 or :: for all of them."""
    names: tuple[str, ...] = ()
    """Under which clients may call it, beside `host` and the names of loopback."""
    certificate: Certificate | None = None
    port: int = 0

    @property
    def open_reading(self) -> bool:
        """On loopback everyone on this computer may look; beyond it only who has signed in."""
        return ip_address(self.host).is_loopback

    @property
    def scheme(self) -> str:
        """Of the start address."""
        return "https" if self.certificate else "http"

    @property
    def address(self) -> str:
        """What people open, e.g. https://station.example:8420."""
        if ip_address(self.host).is_unspecified:
            name = self.names[0] if self.names else LOOPBACK
        else:
            name = bracketed(self.host)
        return f"{self.scheme}://{name}:{self.port}"

    @property
    def hosts(self) -> list[str]:
        """Every right Host header."""
        own = () if ip_address(self.host).is_unspecified else (bracketed(self.host),)
        names = tuple(dict.fromkeys((*own, *(bracketed(n) for n in self.names), *_LOOPBACK_NAMES)))
        hosts = [f"{name}:{self.port}" for name in names]
        if self.port == (443 if self.certificate else 80):  # clients leave the usual port out
            hosts += names
        return hosts

    @property
    def cookie(self) -> str:
        """Name of the session's cookie: cookies know no ports, so stations side by side differ.

        With the prefix a browser takes it from this very host and over TLS only.
        """
        return f"{'__Host-' if self.certificate else ''}panewatch-{self.port}"


def bracketed(name: str) -> str:
    """As in a URL: lower case, an IPv6 address in brackets."""
    return f"[{name}]" if ":" in name else name.lower()
