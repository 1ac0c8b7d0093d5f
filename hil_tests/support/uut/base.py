"""A unit under test: what a test may do to it, whatever it runs on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

from hil_tests.support.logs import Log
from hil_tests.support.peer import Peer
from protocol.schema.decode import ENTRIES, Decoded, engineering


class CannotError(Exception):
    """This backend cannot do it; the words say what it needs. A test skips."""


@dataclass(frozen=True)
class Identity:
    """Who the unit says it is, from its boot packet."""

    vehicle: str
    unit: str
    unique_id: str
    runtime: str
    firmware: str
    schema: str

    @classmethod
    def of(cls, boot: Decoded) -> Identity:
        """The identity in a boot packet."""
        names = ("vehicle", "unit", "unique_id", "runtime", "software")
        words = {name: engineering(ENTRIES["boot"][name], boot.raw[name]) for name in names}
        return cls(
            words["vehicle"],
            words["unit"],
            bytes(boot.raw["unique_id"]).hex(),
            words["runtime"],
            words["software"],
            f"{boot.raw['schema_hash']:08x}",
        )


class Uut(ABC):
    """One unit at the end of a line. Logs hold what it says outside of its frames."""

    paced = True
    """It reads no faster than its baud rate; False for a process."""
    first_scale = 1.0
    """How much slower than its own clock it is taken to be until that is measured."""
    hello_s = 40.0
    """Its boot packet comes each 30 s."""

    def __init__(self, name: str, key: bytes, time_scale: float | None = None) -> None:
        self.name = name
        self.key = key
        self.time_scale = time_scale
        self.log = Log()
        self.identity: Identity | None = None

    @property
    @abstractmethod
    def url(self) -> str:
        """Its line, as pyserial opens it."""

    @abstractmethod
    def start(self) -> None:
        """Have it run, or soon run."""

    @abstractmethod
    def stop(self) -> None:
        """Leave it and its line."""

    @abstractmethod
    def power_cut(self) -> None:
        """End it at once, as without power; raises CannotError."""

    @abstractmethod
    def power_on(self) -> None:
        """Give it power again."""

    @abstractmethod
    def reset(self, peer: Peer) -> None:
        """Have it boot again."""

    @abstractmethod
    def check(self) -> None:
        """Raise AssertionError when it has ended by itself, where that can be seen."""

    def log_to(self, folder: Path) -> Path:
        """Write its log into this folder from here on."""
        path = folder / f"{self.file_name}-unit.log"
        self.log.to(path)
        return path

    @property
    def file_name(self) -> str:
        """Its name for files."""
        return "".join(c if c.isalnum() or c in ".-" else "_" for c in self.name).strip("_")
