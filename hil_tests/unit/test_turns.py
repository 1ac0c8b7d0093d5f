"""Costly work in turns, fair by place."""

from __future__ import annotations

import asyncio

import pytest

from ground.turns import TooBusyError, Turns


class Works:
    """People who work in turns, each until told to end."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.working: list[str] = []
        self.begun: list[str] = []
        self.most = 0
        self.refused: list[str] = []
        self.ends: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def come(self, place: str, name: str) -> None:
        self.ends[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._work(place, name))
        await settle()

    async def end(self, name: str) -> None:
        self.ends[name].set()
        await settle()

    async def _work(self, place: str, name: str) -> None:
        try:
            async with self.turns.turn(place):
                self.begun.append(name)
                self.working.append(name)
                self.most = max(self.most, len(self.working))
                await self.ends[name].wait()
                self.working.remove(name)
        except TooBusyError:
            self.refused.append(name)


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_places_alternate_and_so_many_work_at_once():
    works = Works(Turns(2, 10, 60))
    for name in ("a1", "a2", "a3", "a4", "a5"):
        await works.come("a", name)
    await works.come("b", "b1")
    while works.working:
        await works.end(works.working[0])
    assert works.begun == ["a1", "a2", "a3", "b1", "a4", "a5"]
    assert works.most == 2
    assert works.turns._running == 0


async def test_who_crowds_makes_room_for_others():
    works = Works(Turns(1, 4, 60))
    for k in range(7):
        await works.come("crowd", f"c{k}")
    assert works.refused == ["c5", "c6"]
    await works.come("olga", "o1")
    assert works.refused == ["c5", "c6", "c4"]
    assert works.turns.waiting == 4
    await works.come("olga", "o2")
    assert works.refused[3:] == ["c3"]
    await works.come("olga", "o3")
    assert works.refused[4:] == ["o3"]
    while works.working:
        await works.end(works.working[0])
    assert works.begun == ["c0", "c1", "o1", "c2", "o2"]
    assert works.turns._running == works.turns.waiting == 0


async def test_who_leaves_or_waited_too_long_holds_no_place():
    works = Works(Turns(1, 4, 60))
    await works.come("a", "a1")
    await works.come("b", "b1")
    await works.come("b", "b2")
    works.tasks["b1"].cancel()
    await settle()
    assert works.turns.waiting == 1
    works.ends["a1"].set()
    works.tasks["b2"].cancel()
    await settle()
    assert works.turns._running == works.turns.waiting == 0
    turns = Turns(1, 4, 0.01)
    async with turns.turn("a"):
        with pytest.raises(TooBusyError):
            async with turns.turn("b"):
                raise AssertionError("not its turn")
        assert turns.waiting == 0
    async with turns.turn("b"):
        assert turns._running == 1


async def test_a_turn_that_comes_to_one_who_just_leaves_goes_on():
    works = Works(Turns(1, 4, 60))
    await works.come("a", "a1")
    await works.come("b", "b1")
    await works.come("c", "c1")
    works.turns._leave()  # gives b1 the turn ...
    works.tasks["b1"].cancel()  # ... before it knows
    await settle()
    assert works.begun == ["a1", "c1"]
    await works.end("c1")
    works.tasks["a1"].cancel()
    await asyncio.gather(*works.tasks.values(), return_exceptions=True)
