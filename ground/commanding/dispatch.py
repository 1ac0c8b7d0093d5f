"""Sends requests: each under one counter, the same bytes again until the unit answers.

A unit takes no counter below the last that it took. So while it has not answered, nothing else is
sent to it: what is lost on the line can be sent again.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, Protocol

from ground.archive.archive import Archive
from ground.commanding.desk import ANSWER_US, Desk, declared
from ground.commanding.request import Request
from ground.commanding.rights import Rights
from ground.model import Packet, UnitKey
from ground.stream.commander import Commander, CounterError
from ground.stream.keys import KeyFileError, KeyStore
from ground.stream.outgoing import Command, Outgoing
from ground.stream.unit import UnitStream
from ground.stream.verification import replayed
from protocol.schema.decode import Decoded
from protocol.schema.parameter import parameters
from protocol.schema.telecommand import BY_NAME, INDEX
from protocol.wire import tc
from protocol.wire.events import KEY_CHANGED

ROTATE: Final = "rotate_key"


class Station(Protocol):
    """The ground station, as far as commanding takes part in it (ground/station.py)."""

    archive: Archive
    streams: dict[UnitKey, UnitStream]
    notices: dict[str, str]
    now_us: int
    started_us: int
    deciding: bool

    def act(self, kind: str, author: str, data: dict[str, Any]) -> None:
        """Do what a journal entry does, and write it down."""

    def notice(self, key: str, words: str, *, active: bool, unit: UnitKey) -> None:
        """Raise an alarm of the station's own, or take it back."""


class Dispatch:
    """What goes out to the units: requests of the desk first, then the ground's own commands."""

    def __init__(self, station: Station, keys: KeyStore | None) -> None:
        self.desk = Desk()
        self.own_refusals: set[tuple[UnitKey, int, int]] = set()
        """(unit, boot, counter) of refused commands that the ground itself had sent."""
        self._station = station
        self._commander = Commander(station.archive, keys)
        self._outgoing = Outgoing(self._commander)
        self._again_us: dict[int, int] = {}
        self._rights = Rights()

    def heed(self, barred: Callable[[str], str]) -> None:
        """From now on nothing goes out for whom `barred` names (ground/commanding/rights.py)."""
        self._rights = Rights(barred)

    def meet(self, unit: UnitKey, boot: Decoded) -> None:
        """A unit's boot packet tells which counter it takes; people hear when that cannot be."""
        words = ""
        try:
            next_counter = int(boot.raw["next_counter"])
            self._commander.heard(unit, boot.apid, boot.boot_id, next_counter)
        except (KeyFileError, CounterError) as error:
            words = f"{unit} is read but not commanded: {error}"
        if self._station.deciding:
            self._station.notice(f"key:{unit}", words, active=words != "", unit=unit)

    def commanded(self) -> list[tuple[UnitKey, int, int, int]]:
        """(unit, APID, boot, next counter) of the units that can be commanded."""
        return self._commander.known()

    def remember(self, unit: UnitKey, apid: int, boot: int, following: int) -> None:
        """Go on commanding a unit; raises KeyFileError."""
        with suppress(CounterError):
            self._commander.heard(unit, apid, boot, following)

    def choose(self) -> None:
        """Write down which requests go after the next commit, each with its counter.

        Counters are used only once they are reserved on disk.
        """
        if self._station.deciding:
            self._cancel_barred()
        for request in tuple(self.desk.queued() if self._station.deciding else ()):
            if self._rights.withheld(request):
                continue
            stream = self._reachable(request.unit)
            if stream and self._commander.knows(stream.unit, stream.current) and _known(request):
                counter, apid = self._commander.take(request.unit)
                record = stream.boots.near[stream.current].frontier
                sending = {"id": request.id, "counter": counter, "apid": apid}
                sending |= {"boot": stream.current, "record": record}
                self._station.act("send", "ground", sending)
        self._commander.top_up()

    def _cancel_barred(self) -> None:
        """What people asked for who may command no more is not sent."""
        for request in self.desk.unsent():
            if words := self._rights.lost(request):
                self._station.act("cancel", "ground", {"id": request.id, "reason": words})

    def commands(self) -> list[Command]:
        """Packets to send now, after a commit: what they rest on is in the archive."""
        held, out = set(), []
        for request in self.desk.in_flight():
            held.add(request.unit)
            out += self._repeat(request)
        for request in self.desk.unseen():
            if request.unit not in held:
                out += self._ask(request)
        if "archive:margin" not in self._station.notices:
            heard = [
                s for k, s in self._station.streams.items() if k not in held and self._heard(s)
            ]
            out += self._outgoing.commands(heard, self._station.now_us)
        return out

    def take(self, packet: Packet) -> bool:
        """Take in what a unit reports, before the packet is archived: so the fold reads them.

        True when it only tells that the unit refused, as used before, what the ground had sent.
        """
        request = self.desk.packet(packet, self._station.now_us)
        if self._station.deciding:
            self._follow_key(packet, request)
        return self._own(packet)

    def next_key(self, unit: UnitKey) -> bytes:
        """Nonce by which the unit derives its next key; raises KeyFileError, KeyError."""
        return self._commander.prepare_key(unit)

    def _follow_key(self, packet: Packet, request: Request | None) -> None:
        """Sign with the key that the unit has; a change of it is on disk before it is used."""
        raw, unit = packet.decoded.raw, packet.unit
        try:
            if request and request.command == ROTATE and packet.decoded.name == "completed":
                self._commander.rotate_key(unit)
            elif raw.get("event_id") == KEY_CHANGED:
                self._commander.settle_key(unit)
            elif raw.get("failure") == tc.FAIL_FORGED:
                self._commander.doubt_key(unit, int(raw["tc_counter"]))
        except (KeyFileError, OSError) as error:
            words = f"{unit} is read but not commanded: {error}"
            self._station.notice(f"key:{unit}", words, active=True, unit=unit)

    def _own(self, packet: Packet) -> bool:
        counter = replayed(packet)
        if counter is None:
            return False
        unit, boot = packet.unit, packet.decoded.boot_id
        new = (unit, boot, counter) not in self.own_refusals
        if new and self._station.deciding and self._commander.ours(unit, counter, boot):
            data = {"unit": list(unit), "boot": boot, "counter": counter}
            self._station.act("own", "ground", data)
        return (unit, boot, counter) in self.own_refusals

    def _heard(self, stream: UnitStream) -> bool:
        return stream.live_received_us >= self._station.started_us

    def _reachable(self, unit: UnitKey) -> UnitStream | None:
        """Its stream, when it was heard lately and its link is open."""
        stream = self._station.streams.get(unit)
        if stream is None or stream.silent or not self._heard(stream):
            return None
        return None if f"link:{stream.link}" in self._station.notices else stream

    def _repeat(self, request: Request) -> list[Command]:
        """The same bytes, each time that the answer is overdue."""
        stream = self._reachable(request.unit)
        # Another boot does not remember the counter: it would take a repeat for an intruder's.
        if stream is None or request.boot != stream.current or not self._due(request.id):
            return []
        if not self._commander.knows(stream.unit, stream.current):
            return []
        if self._rights.withheld(request):  # it may have been taken before: time tells the rest
            return []
        assert request.counter is not None
        packet = self._commander.sign(
            request.unit, INDEX[request.command], request.apid, request.counter,
            tuple(request.raw.values()),
        )  # fmt: skip
        return [Command(stream.link, request.unit, packet)]

    def _ask(self, request: Request) -> list[Command]:
        """The command that makes the unit show the effect, until it has."""
        stream, effect = self._reachable(request.unit), declared(request)
        if stream is None or effect is None or not effect.ask:
            return []
        known = self._commander.knows(stream.unit, stream.current)
        if not known or not self._due(-request.id):
            return []
        wanted = parameters(BY_NAME[effect.ask].body)
        values = tuple(request.raw[p.entry.name] for p in wanted)
        _, packet = self._commander.build(request.unit, INDEX[effect.ask], values, tc.ACK_NONE)
        return [Command(stream.link, request.unit, packet)]

    def _due(self, what: int) -> bool:
        """True once in each time for an answer. `what`: a request, or, negative, its effect."""
        now_us = self._station.now_us
        if self._again_us.get(what, 0) > now_us:
            return False
        self._again_us[what] = now_us + ANSWER_US
        return True


def _known(request: Request) -> bool:
    """False for one of another dictionary, which this ground cannot encode."""
    known = BY_NAME.get(request.command)
    return known is not None and [p.entry.name for p in parameters(known.body)] == list(request.raw)
