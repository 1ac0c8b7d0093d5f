"""What can stand in the journal, and what each entry does: live and in the fold the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol

from ground.assessing import Assessing
from ground.model import Inspection, UnitKey
from ground.stream.unit import UnitStream
from protocol.schema.severity import Severity


class Held(Protocol):
    """What a station holds (ground/station.py), as far as journal entries act on it."""

    assessor: Assessing
    streams: dict[UnitKey, UnitStream]
    inspections: list[Inspection]
    notices: dict[str, str]
    now_us: int
    started_us: int


Act = Callable[[Held, str, dict[str, Any]], None]


def _start(station: Held, _: str, __: dict[str, Any]) -> None:
    station.started_us = station.now_us
    station.assessor.tick(station.now_us)


def _pass_time(_: Held, __: str, ___: dict[str, Any]) -> None:
    """The end of a run: all that counts is that time went on to there."""


def _inspection(station: Held, author: str, data: dict[str, Any]) -> None:
    values = data | {"unit": UnitKey(*data["unit"]), "author": author}
    seen = Inspection(**values)
    station.inspections.append(seen)
    station.assessor.inspection(seen)


def _acknowledge(station: Held, author: str, data: dict[str, Any]) -> None:
    station.assessor.acknowledge(data["alarm"], author, data["comment"], station.now_us)


def _shelve(station: Held, author: str, data: dict[str, Any]) -> None:
    station.assessor.shelve(data["alarm"], author, data["reason"], data["until_us"], station.now_us)


def _notice(station: Held, _: str, data: dict[str, Any]) -> None:
    key, words = data["key"], data["words"]
    if data["active"]:
        station.notices[key] = words
    else:
        station.notices.pop(key, None)
    station.assessor.alarm_event(
        key,
        Severity(data["severity"]),
        words,
        unit=UnitKey(*data["unit"]) if data["unit"] else None,
        time_us=station.now_us,
        now_us=station.now_us,
        active=data["active"],
    )


def _lost(station: Held, _: str, data: dict[str, Any]) -> None:
    station.streams[UnitKey(*data["unit"])].lose(data["boot"], data["first"], data["last"])


ACTS: Final[dict[str, Act]] = {
    "start": _start,
    "stop": _pass_time,
    "inspection": _inspection,
    "acknowledge": _acknowledge,
    "shelve": _shelve,
    "notice": _notice,
    "lost": _lost,
}
