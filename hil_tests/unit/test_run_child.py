"""Processes of a run: kept alive, ended by the end of their input."""

import asyncio
import json
import os
import signal
import sys
from functools import partial

import aiomqtt
import pytest

from hil_tests.support.process import ROOT, survivors
from tools.cli.errors import RunError
from tools.run import main
from tools.run.child import Child
from tools.run.units import UnitProcess
from tools.scenario.load import load

UNTIL_EOF = "import sys; print('up', flush=True); sys.stdin.read(); print('down')"
STUBBORN = (
    "import signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    "print('up', flush=True); signal.pause()"
)
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT)}


@pytest.fixture
def child(tmp_path):
    said = []
    made = partial(
        Child, "it", log=tmp_path / "it.log", say=said.append, environment=ENVIRONMENT, answers=True
    )
    made.said = said
    return made


async def test_end_of_input_ends_it(child):
    it = child(command=[sys.executable, "-c", UNTIL_EOF])
    await it.start()
    assert it.answer == "up"
    await it.stop()
    assert survivors([it.pid], 0.1) == []
    assert child.said == []


async def test_one_that_does_not_listen_is_killed(child):
    it = child(command=[sys.executable, "-c", STUBBORN])
    await it.start()
    await it.stop()
    assert survivors([it.pid], 0.1) == []


async def test_one_that_dies_is_started_again_and_that_is_said(child):
    again = asyncio.Event()
    it = child(command=[sys.executable, "-c", UNTIL_EOF], say=lambda _: again.set())
    await it.start()
    first = it.pid
    os.kill(first, signal.SIGKILL)
    await asyncio.wait_for(again.wait(), 5)
    async with asyncio.timeout(5):
        while it.pid == first:  # noqa: ASYNC110 (another process gives no event)
            await asyncio.sleep(0.05)
    await it.stop()
    assert survivors([first, it.pid], 0.1) == []


WRONG = "import sys; print('up', flush=True); print('it: no key', file=sys.stderr); sys.exit(2)"


async def test_one_that_was_started_wrongly_is_not_started_again(child):
    it = child(command=[sys.executable, "-c", WRONG])
    await it.start()
    with pytest.raises(RunError, match="it cannot run: it: no key"):
        await asyncio.wait_for(it.keeper, 5)
    await it.stop()
    assert child.said == []


async def test_a_unit_that_was_started_wrongly_ends_the_run(tmp_path, monkeypatch):
    async def prepare(scenario, folder, *_):
        command = [sys.executable, "-c", WRONG]
        wrong = Child("sz20/w1", command, folder / "log", print, environment=ENVIRONMENT)
        return [UnitProcess(scenario.units[0], "cpython", "mqtt", None, wrong)]

    monkeypatch.setattr(main, "prepare", prepare)
    options = main.RunOptions(load("quiet"), tmp_path, broker="mqtt://127.0.0.1:9")
    with pytest.raises(RunError, match="sz20/w1 cannot run: it: no key"):
        await asyncio.wait_for(main.supervise(options, print), 20)
    assert [path.name for path in tmp_path.glob("runs/*/log")] == ["log"]


BITTEN = (
    "import os, signal, sys; print(os.environ['PANEWATCH_RESET'], file=sys.stderr, flush=True); "
    "print('up', flush=True); os.kill(os.getpid(), signal.SIGALRM)"
)


async def test_a_unit_that_its_watchdog_reset_is_told_so(child, tmp_path):
    again = asyncio.Event()
    said = []

    def say(words):
        said.append(words)
        if len(said) == 2:
            again.set()

    environment = ENVIRONMENT | {"PANEWATCH_RESET": "0"}
    command = [sys.executable, "-c", BITTEN]
    it = child(command=command, say=say, unit=True, environment=environment)
    await it.start()
    await asyncio.wait_for(again.wait(), 10)
    await it.stop()
    assert (tmp_path / "it.log").read_text().split()[:2] == ["0", "1"]
    assert said[0].startswith("it was reset by its watchdog; starts again in 0.5 s")


RETIRED = "import sys; print('up', flush=True); print('it: enough', file=sys.stderr); sys.exit(4)"


async def test_a_unit_in_maintenance_is_left_alone_and_the_others_go_on(child):
    done = asyncio.Event()
    said = []

    def say(words):
        said.append(words)
        done.set()

    it = child(command=[sys.executable, "-c", RETIRED], say=say, unit=True)
    await it.start()
    await asyncio.wait_for(done.wait(), 5)
    assert said == ["it stays in maintenance: it: enough"]
    assert not it.keeper.done(), "the end of a keeper ends the run"
    await it.stop()


async def test_its_order_reaches_it(child):
    it = child(command=[sys.executable, "-c", "print(input()[::-1])"])
    it.order = "abc"
    await it.start()
    assert it.answer == "cba"
    await it.stop()


async def test_broker_wants_this_runs_password_and_keeps_its_port(child):
    broker = child(command=[sys.executable, "-m", "tools.run.broker"])
    broker.order = json.dumps({"port": 0, "user": "unit", "password": "right"})
    await broker.start()
    port = int(broker.answer)
    try:
        for user, password in ((None, None), ("unit", "wrong"), ("other", "right")):
            client = aiomqtt.Client("127.0.0.1", port, username=user, password=password)
            with pytest.raises(aiomqtt.MqttError, match="Not authorized"):
                async with client:
                    pass
        async with aiomqtt.Client("127.0.0.1", port, username="unit", password="right") as client:
            await client.subscribe("panewatch/+/sz20/w1/tm", qos=1)
            await client.publish("panewatch/00000000/sz20/w1/tm", b"\x08\x01", qos=1)
            async with asyncio.timeout(5):
                message = await anext(aiter(client.messages))
            assert message.payload == b"\x08\x01"
    finally:
        await broker.stop()
