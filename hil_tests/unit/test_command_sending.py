"""`panewatch command send`: what it says of a hazardous command, and what it leaves behind."""

from __future__ import annotations

import asyncio
import shlex

import pytest

from ground.api.app import create_app
from ground.api.server import serve
from hil_tests.sim.command_bench import CommandBench
from tools.cli.command import follow
from tools.cli.errors import RunError
from tools.cli.main import main

UNIT = "sz20/w1"


@pytest.fixture
def bench(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = CommandBench(tmp_path)
    made.run(12)
    return made


@pytest.fixture
async def command(bench):
    async with serve(create_app(bench.ground, "right")) as url:

        async def run(*words: str) -> int:
            where = ("--station", url, "--token", "right", "--author", "ann")
            return await asyncio.to_thread(main, ["command", *words, *where])

        yield run


async def test_the_hint_confirms_it(command, bench, capsys):
    assert await command("send", UNIT, "reboot") == 0
    hint = capsys.readouterr().out.splitlines()[-1].partition("2 min: ")[2]
    words = shlex.split(hint)
    assert words[:2] == ["panewatch", "command"] and "right" not in words
    assert await command(*words[2:]) == 0
    assert bench.request().confirmed_by


async def test_who_waits_is_told_at_once_for_what(command, capsys):
    waiting = asyncio.create_task(command("send", UNIT, "reboot", "--wait"))
    told = ""
    async with asyncio.timeout(20):
        while "waits for its confirmation" not in told:
            await asyncio.sleep(0.02)
            told += capsys.readouterr().out
    assert "panewatch command confirm 1 --unit sz20/w1" in told
    assert not waiting.done()
    assert await command("cancel", "1") == 0
    async with asyncio.timeout(20):
        assert await waiting == 1


async def test_a_wrong_confirmation_sends_nothing(command, bench, capsys):
    assert await command("send", UNIT, "reboot", "--confirm", "sz21/w1") == 2
    assert "sz21/w1: the command is for sz20/w1; nothing was sent" in capsys.readouterr().err
    assert bench.ground.commands(9) == []


async def test_a_unit_typed_wrong_takes_the_command_back(command, bench, capsys, monkeypatch):
    monkeypatch.setattr("tools.cli.command._typed", lambda *_: "sz21/w1")
    assert await command("send", UNIT, "reboot") == 2
    assert "command 1 is cancelled" in capsys.readouterr().err
    assert bench.request().state == "cancelled"


async def test_a_command_that_is_not_there_is_told_which_are(command, capsys):
    assert await command("send", UNIT, "nonsense") == 2
    assert "`panewatch command list`" in capsys.readouterr().err


async def test_arguments_may_stand_after_an_option(command, bench):
    given = ("setting=waveform_interval_ms", "value=40")
    assert await command("send", UNIT, "set_setting", "--expires", "60", *given) == 0
    assert bench.request().arguments == {"setting": "waveform_interval_ms", "value": 40}


class Feed:
    """A station whose live feed says this of its commands, message after message."""

    def __init__(self, *told: list[int]) -> None:
        self._told = told

    def live(self):
        for numbers in self._told:
            yield {"type": "alarms", "data": []}
            yield {"type": "commands", "data": [done(number) for number in numbers]}


def done(number: int) -> dict:
    return {
        "id": number, "state": "completed", "effect": "none", "stages": [], "vehicle": "sz20",
        "unit": "w1", "command": "alive", "arguments": {}, "author": "ann", "confirmed_by": None,
        "reason": "", "effect_words": "", "created": "2026-01-01T00:00:00Z",
    }  # fmt: skip


def test_a_feed_that_begins_before_the_command_is_waited_for(capsys):
    assert follow(Feed([1], [], [2, 1]), 2) == 0
    assert "completed" in capsys.readouterr().out


def test_a_command_that_newer_ones_have_pushed_out_is_told():
    with pytest.raises(RunError, match="command 2 is no longer among the newest"):
        follow(Feed([3, 4]), 2)
