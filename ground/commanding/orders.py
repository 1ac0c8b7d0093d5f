"""What people may do with commands: ask for one, confirm it, take it back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from ground.access.identity import person
from ground.api.source import Refused
from ground.commanding.arguments import CommandError, command_named, hazard, raw_values, words_for
from ground.commanding.dispatch import ROTATE
from ground.commanding.request import Request, State
from ground.model import UnitKey
from ground.station import Station
from ground.stream.keys import KeyFileError
from protocol.schema.telecommand import Telecommand

WAITING_MAX: Final = 64
"""Requests of one unit that may wait."""


class Orders:
    """Acts on one station's desk. `act` runs a change at ground time and puts it on disk."""

    def __init__(self, station: Station, act: Callable[[Callable[[], None]], None]) -> None:
        self._station = station
        self._act = act

    def newest(self, limit: int) -> list[Request]:
        """The newest requests, newest first."""
        known = self._station.dispatch.desk.requests
        return [known[k] for k in list(known)[: -limit - 1 : -1]]

    def get(self, number: int) -> Request:
        """One request; raises Refused."""
        try:
            return self._station.dispatch.desk.requests[number]
        except KeyError:
            raise Refused(f"There is no command {number}.", 404) from None

    def place(
        self,
        unit: UnitKey,
        name: str,
        given: Mapping[str, Any],
        author: str,
        expires_s: float,
        request_id: str = "",
    ) -> Request:
        """Ask for a command; raises Refused, or CommandError naming what is wrong.

        `request_id`, where given, names it for its author: asked again it is not another command.
        """
        command = command_named(name)
        if known := self._station.dispatch.desk.asked(author, request_id):
            if not _same(known, unit, command, given):
                raise Refused(f"request_id {request_id} was command {known.id}: take a new one.")
            return known
        if words := self._station.notices.get(f"key:{unit}"):
            raise Refused(f"{words}.")
        if name == ROTATE and not given:  # the ground keeps the key that follows from its nonce
            given = {"nonce": self._nonce(unit).hex()}
        elif name == ROTATE:
            raise CommandError("nonce", f"{ROTATE} takes no argument here: the ground chooses it")
        raw = raw_values(command, given)
        desk = self._station.dispatch.desk
        if desk.waiting().get(unit, 0) >= WAITING_MAX:
            raise Refused(f"{WAITING_MAX} commands wait for {unit} already; cancel some.")
        number = len(desk.requests) + 1

        def ask() -> None:
            now_us = self._station.now_us
            self._station.act("command", author, {
                "id": number,
                "unit": list(unit),
                "command": name,
                "arguments": words_for(command, raw),
                "raw": {k: v.hex() if isinstance(v, bytes) else v for k, v in raw.items()},
                "hazard": hazard(command, raw),
                "expires_us": now_us + round(expires_s * 1e6),
                "request_id": request_id,
            })  # fmt: skip

        self._act(ask)
        return self.get(number)

    def _nonce(self, unit: UnitKey) -> bytes:
        try:
            return self._station.dispatch.next_key(unit)
        except KeyFileError as error:
            raise Refused(f"{error}.") from None
        except KeyError:
            raise Refused(f"There is no key of {unit} here.") from None

    def confirm(self, number: int, author: str, typed: str, *, operators: int) -> Request:
        """Confirm a hazardous request; raises Refused.

        By another person; where there is but one operator, by the same one who types the unit.
        """
        request = self.get(number)
        if request.state is not State.UNCONFIRMED:
            raise Refused(f"Command {number} is {request.state}: there is nothing to confirm.")
        if person(author) == person(request.author):
            if operators > 1:
                raise Refused(f"{author} asked for command {number}: another person confirms it.")
            if typed != str(request.unit):
                raise Refused(f"To confirm your own command type its unit, {request.unit}.", 422)
        self._act(lambda: self._station.act("confirm", author, {"id": number}))
        return request

    def cancel(self, number: int, author: str) -> Request:
        """Take a request back that was not sent; raises Refused."""
        request = self.get(number)
        if request.state not in (State.UNCONFIRMED, State.QUEUED):
            raise Refused(f"Command {number} is {request.state}: it cannot be taken back.")
        self._act(lambda: self._station.act("cancel", author, {"id": number}))
        return request


def _same(known: Request, unit: UnitKey, command: Telecommand, given: Mapping[str, Any]) -> bool:
    """True when it asks for what `known` asks for; raises CommandError."""
    if (known.unit, known.command) != (unit, command.name):
        return False
    return command.name == ROTATE or known.raw == raw_values(command, given)
