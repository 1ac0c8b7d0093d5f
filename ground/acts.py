"""What can stand in the journal, and what each entry does: live and in the fold the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol

from ground.assessing import Assessing
from ground.commanding.dispatch import Dispatch
from ground.model import Inspection, UnitKey
from ground.monitor.limit_set import LimitSet
from ground.stream.unit import UnitStream
from protocol.schema.severity import Severity


class Held(Protocol):
    """What a station holds (ground/station.py), as far as journal entries act on it."""

    assessor: Assessing
    dispatch: Dispatch
    streams: dict[UnitKey, UnitStream]
    inspections: list[Inspection]
    notices: dict[str, str]
    now_us: int
    started_us: int


Act = Callable[[Held, str, dict[str, Any]], None]


def _start(station: Held, _: str, __: dict[str, Any]) -> None:
    station.started_us = station.now_us
    for stream in station.streams.values():
        stream.links.clear()
        stream.ask_again()
    station.assessor.tick(station.now_us)


def _pass_time(_: Held, __: str, ___: dict[str, Any]) -> None:
    """The end of a run: all that counts is that time went on to there."""


def _inspection(station: Held, author: str, data: dict[str, Any]) -> None:
    values = data | {"unit": UnitKey(*data["unit"]), "author": author}
    seen = Inspection(**values)
    station.inspections.append(seen)
    station.assessor.inspection(seen)


def limits_entry(reason: str, limits: LimitSet) -> dict[str, Any]:
    """What a "limits" entry holds: from there on these limits are in force."""
    return {"reason": reason, "version": limits.version, "limits": limits.to_dict()}


def _limits(station: Held, _: str, data: dict[str, Any]) -> None:
    station.assessor.limit(LimitSet.from_dict(data["limits"]))


def _context(station: Held, _: str, data: dict[str, Any]) -> None:
    station.assessor.enter(data["vehicle"], data["context"])


def _acknowledge(station: Held, author: str, data: dict[str, Any]) -> None:
    station.assessor.acknowledge(data["alarm"], author, data["comment"], station.now_us)


def _note(station: Held, author: str, data: dict[str, Any]) -> None:
    station.assessor.note(data["alarm"], author, data["note"], station.now_us)


def _shelve(station: Held, author: str, data: dict[str, Any]) -> None:
    station.assessor.shelve(data["alarm"], author, data["reason"], data["until_us"], station.now_us)


def _notice(station: Held, _: str, data: dict[str, Any]) -> None:
    key, words = data["key"], data["words"]
    if data["active"]:
        station.notices[key] = words
    else:
        station.notices.pop(key, None)
    unit = UnitKey(*data["unit"]) if data["unit"] else None
    station.assessor.alarm_event(
        key,
        Severity(data["severity"]),
        words,
        unit=unit,
        time_us=station.now_us,
        now_us=station.now_us,
        active=data["active"],
    )
    if unit and "doubt_since_us" in data:  # no entry of an earlier version has it
        station.assessor.doubt(unit, data["doubt_since_us"] if data["active"] else None)


def _lost(station: Held, _: str, data: dict[str, Any]) -> None:
    station.streams[UnitKey(*data["unit"])].lose(data["boot"], data["first"], data["last"])


def _give_up(station: Held, _: str, data: dict[str, Any]) -> None:
    station.streams[UnitKey(*data["unit"])].give_up(data["boot"], data["first"], data["last"])


def _command(station: Held, author: str, data: dict[str, Any]) -> None:
    station.dispatch.desk.ask(author, data, station.now_us)


def _confirm(station: Held, author: str, data: dict[str, Any]) -> None:
    station.dispatch.desk.confirm(author, data, station.now_us)


def _cancel(station: Held, author: str, data: dict[str, Any]) -> None:
    station.dispatch.desk.cancel(author, data, station.now_us)


def _send(station: Held, _: str, data: dict[str, Any]) -> None:
    station.dispatch.desk.send(data, station.now_us)


def _own(station: Held, _: str, data: dict[str, Any]) -> None:
    station.dispatch.own_refusals.add((UnitKey(*data["unit"]), data["boot"], data["counter"]))


ACTS: Final[dict[str, Act]] = {
    "start": _start,
    "stop": _pass_time,
    "inspection": _inspection,
    "limits": _limits,
    "context": _context,
    "acknowledge": _acknowledge,
    "note": _note,
    "shelve": _shelve,
    "notice": _notice,
    "lost": _lost,
    "give_up": _give_up,
    "command": _command,
    "confirm": _confirm,
    "cancel": _cancel,
    "send": _send,
    "own": _own,
    "retention": _pass_time,
}
