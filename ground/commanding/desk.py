"""Every command that people asked for: a fold over the journal, the units' reports and time.

What a person or the ground does stands in the journal; what the units report, in their packets;
the rest follows from time. So a restart finds every request where it stood.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ground.commanding.request import IN_FLIGHT, OPEN, REPORTS, Effect, Request, State
from ground.model import Packet, UnitKey
from protocol.schema.decode import ENTRIES, engineering
from protocol.schema.effect import Effect as Declared
from protocol.schema.telecommand import BY_NAME
from protocol.wire import tc

CONFIRM_US: Final = 120_000_000
"""A hazardous request that nobody has confirmed for so long is dropped."""
ANSWER_US: Final = 5_000_000
"""Time for the unit's answer; then the same bytes go again."""
TRIES: Final = 4
DONE_US: Final = 120_000_000
"""Time from one report of the unit to the next."""
_OF_OTHERS: Final = (tc.FAIL_FORGED, tc.FAIL_REPLAY)
"""Refusals that do not tell what became of a command of ours: it may have been taken before."""


class Desk:
    """The requests of a station. Its acts take what the journal holds."""

    def __init__(self) -> None:
        self.requests: dict[int, Request] = {}
        self._open: dict[int, Request] = {}
        """Those that time or a report can move, an effect that is awaited among them."""
        self._by_counter: dict[tuple[UnitKey, Any], Request] = {}
        self._by_request_id: dict[tuple[str, str], Request] = {}
        self._since: dict[int, tuple[int, int]] = {}
        """(boot, record) after which the effect of a request can show."""

    # Acts

    def ask(self, author: str, data: Mapping[str, Any], now_us: int) -> None:
        """A person asks for a command."""
        request = Request(
            id=data["id"],
            unit=UnitKey(*data["unit"]),
            command=data["command"],
            arguments=data["arguments"],
            raw={k: bytes.fromhex(v) if isinstance(v, str) else v for k, v in data["raw"].items()},
            author=author,
            created_us=now_us,
            expires_us=data["expires_us"],
            hazard=data["hazard"],
            state=State.UNCONFIRMED if data["hazard"] else State.QUEUED,
            deadline_us=now_us + CONFIRM_US,
            request_id=data.get("request_id", ""),  # not in journals of before
        )
        if request.request_id:
            self._by_request_id[author, request.request_id] = request
        self.requests[request.id] = self._open[request.id] = request

    def confirm(self, author: str, data: Mapping[str, Any], now_us: int) -> None:
        """It is meant."""
        request = self.requests[data["id"]]
        if request.move("confirm", now_us):
            request.confirmed_by = author

    def cancel(self, author: str, data: Mapping[str, Any], now_us: int) -> None:
        """It is not to be sent."""
        request = self.requests[data["id"]]
        if request.move("cancel", now_us):
            request.reason = data.get("reason") or f"cancelled by {author}"
            self._close(request)

    def send(self, data: Mapping[str, Any], now_us: int) -> None:
        """The ground is about to send it, under a counter that no other command has."""
        request = self.requests[data["id"]]
        if request.move("send", now_us):
            request.counter, request.apid = data["counter"], data["apid"]
            request.boot, request.sent_us = data["boot"], now_us
            request.deadline_us = now_us + TRIES * ANSWER_US
            self._by_counter[request.unit, request.counter] = request
            self._since[request.id] = (data["boot"], data["record"])
            if declared(request) is not None:
                request.effect = Effect.AWAITED

    # What comes from the units, and from time

    def packet(self, packet: Packet, now_us: int) -> Request | None:
        """Take in a unit's packet; gives the request that it reports on."""
        decoded = packet.decoded
        if decoded.name in REPORTS:
            named = (packet.unit, decoded.raw.get("tc_counter"))
            if request := self._by_counter.get(named):
                self._report(request, packet, now_us)
            return request
        for request in [r for r in self._open.values() if r.effect is Effect.AWAITED]:
            effect = declared(request)
            if effect and request.unit == packet.unit and effect.report == decoded.name:
                self._look(request, effect, packet, now_us)
        return None

    def asked(self, author: str, request_id: str) -> Request | None:
        """What this person asked for under that id."""
        return self._by_request_id.get((author, request_id))

    def awaits(self, unit: UnitKey, name: str) -> bool:
        """True while the effect of a request can show in packets of this type."""
        return any(
            request.unit == unit and (effect := declared(request)) and effect.report == name
            for request in self._open.values()
            if request.effect is Effect.AWAITED
        )

    def second(self, now_us: int) -> None:
        """Let time pass."""
        for request in tuple(self._open.values()):
            self._pass(request, now_us)

    def queued(self) -> Iterator[Request]:
        """Those that may be sent, the oldest first; of each unit the first alone."""
        seen: set[UnitKey] = {r.unit for r in self._open.values() if r.state is State.SENT}
        for request in self._open.values():
            if request.state is State.QUEUED and request.unit not in seen:
                seen.add(request.unit)
                yield request

    def unsent(self) -> list[Request]:
        """Those that wait for their confirmation or for the unit."""
        return [r for r in self._open.values() if r.state in (State.UNCONFIRMED, State.QUEUED)]

    def in_flight(self) -> list[Request]:
        """Those that were sent and not answered."""
        return [r for r in self._open.values() if r.state is State.SENT]

    def unseen(self) -> list[Request]:
        """Those that are done and whose effect is still looked for."""
        done = (State.COMPLETED, *IN_FLIGHT[1:])
        return [r for r in self._open.values() if r.effect is Effect.AWAITED and r.state in done]

    def waiting(self) -> dict[UnitKey, int]:
        """How many wait for each unit."""
        count: dict[UnitKey, int] = {}
        for request in self._open.values():
            if request.state is State.QUEUED:
                count[request.unit] = count.get(request.unit, 0) + 1
        return count

    def _report(self, request: Request, packet: Packet, now_us: int) -> None:
        name, failure = packet.decoded.name, int(packet.decoded.raw["failure"])
        words = str(engineering(ENTRIES[name]["failure"], failure)) if failure else ""
        if failure in _OF_OTHERS:
            if request.state in (*IN_FLIGHT, State.TIMED_OUT):
                request.reason = f"the unit refused its counter as {words}"
        elif request.move(name, now_us):
            request.reason = words
            request.deadline_us = now_us + DONE_US
            if request.state in (State.REFUSED, State.FAILED):
                request.effect = Effect.NONE
                self._close(request)
            elif request.state is State.COMPLETED:
                effect = declared(request)
                if effect is None or request.effect is Effect.VERIFIED:
                    self._close(request)
                else:
                    request.effect = Effect.AWAITED
                    request.deadline_us = now_us + round(effect.within_s * 1e6)
                    self._open[request.id] = request

    def _look(self, request: Request, effect: Declared, packet: Packet, now_us: int) -> None:
        boot, record = self._since[request.id]
        decoded = packet.decoded
        later = 0 < (decoded.boot_id - boot) & 0xFFFF < 0x8000
        here = decoded.boot_id == boot and decoded.record > record and not effect.new_boot
        if not (later or here) or not effect.concerns(decoded.raw, request.raw):
            return
        found = decoded.raw.get(effect.parameter)
        entry = ENTRIES[effect.report][effect.parameter]
        request.effect_words = effect.words(found, entry, decoded.raw, request.raw)
        if effect.shown(decoded.raw, request.raw):
            request.effect = Effect.VERIFIED
            request.stages.append(("verified", now_us))
            if request.state not in OPEN:
                self._close(request)

    def _pass(self, request: Request, now_us: int) -> None:
        match request.state:
            case State.UNCONFIRMED if now_us >= min(request.deadline_us, request.expires_us):
                words = "nobody confirmed it in time"
                self._end(request, "expire", words, now_us)
            case State.QUEUED if now_us >= request.expires_us:
                words = "the unit could not be reached in time"
                self._end(request, "expire", words, now_us)
            case State.SENT | State.ACCEPTED | State.STARTED if now_us >= request.deadline_us:
                words = request.reason or "no report came"
                words += "; it is not known whether it was done"
                self._end(request, "time out", words, now_us)
            case State.COMPLETED if now_us >= request.deadline_us:
                effect = declared(request)
                request.effect = Effect.NOT_VERIFIED
                within = f"not verified within {effect.within_s:g} s" if effect else ""
                request.effect_words = "; ".join(w for w in (within, request.effect_words) if w)
                self._close(request)

    def _end(self, request: Request, event: str, words: str, now_us: int) -> None:
        request.move(event, now_us)
        request.reason = words
        if request.effect is Effect.AWAITED:
            request.effect = Effect.NONE
        self._close(request)

    def _close(self, request: Request) -> None:
        self._open.pop(request.id, None)


def declared(request: Request) -> Declared | None:
    """The effect that the dictionary names for it."""
    known = BY_NAME.get(request.command)
    return known.verifies if known else None
