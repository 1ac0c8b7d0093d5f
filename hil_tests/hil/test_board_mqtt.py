"""`panewatch board deploy --link mqtts://…`: a board that reaches a guarded broker by itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from hil_tests.hil.test_board_deploy import Desk, desk_with
from hil_tests.support.guarded_broker import TOPICS, VICTIM, GuardedBroker, heard_until

pytestmark = [pytest.mark.micropython, pytest.mark.mosquitto]

BOARD_PATH = ":.frozen:lib"  # as a board's own, where lib is below its root


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    yield from desk_with(tmp_path, path=BOARD_PATH)


async def test_a_board_is_deployed_onto_a_guarded_broker(
    desk: Desk, free_port: int, run_program
) -> None:
    broker = GuardedBroker(desk.folder, free_port, run_program)
    link = broker.arguments(VICTIM)
    name, secret = f"mqtts://127.0.0.1:{free_port}", broker.password(VICTIM)
    port = ("--port", desk.board.url)
    first = desk.panewatch("deploy", *port, *link)
    assert first.returncode == 0, first.stderr
    assert f"connected to {name}: " in first.stdout
    async with broker.client("ground") as ground:
        await ground.subscribe(f"{TOPICS}/w1/status", 1)
        assert await heard_until(ground, b"online") == [b"online"]
    config = json.loads((desk.board.flash / "unit.json").read_text())
    assert (config["link"], config["ca"]) == (
        broker.link(VICTIM).replace("@", f":{secret}@"),
        "ca.pem",
    )

    # Ctrl-C reaches it: its console stays a REPL's.
    again = desk.panewatch("deploy", *port, *link, "--json")
    assert again.returncode == 0, again.stderr
    done = json.loads(again.stdout)
    assert (done["copied"], done["link"], done["boot"]) == ([], name, None)
    checked = desk.panewatch("verify", *port)
    assert checked.returncode == 0, checked.stderr
    assert f"connects to                      = {name}" in checked.stdout
    refused = desk.refused("test", *port)
    assert f"its link is {name}, and the tests need its console" in refused

    told = [first.stdout, first.stderr, again.stdout, again.stderr, checked.stdout, refused]
    told += [p.read_text() for p in desk.folder.rglob(".panewatch/boards.json")]
    assert VICTIM in told[-1], "verify makes the same link from it"
    assert secret not in "".join(told)
