"""What a commit of the station lets out."""

from __future__ import annotations

from dataclasses import dataclass

from ground.model import Packet
from ground.stream.outgoing import Command


@dataclass(frozen=True, slots=True)
class Outcome:
    """What may leave now that all before it is durable."""

    commands: list[Command]
    samples: list[Packet]
    """Housekeeping packets taken in since the last commit."""
    changed: set[str]
    """"units", and what the assessment names."""
    stored: bool
    """False: nothing can be written now; receive no more until a commit succeeds."""
