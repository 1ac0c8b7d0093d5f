"""Commands from the command line through a running ground to a running unit, over a serial line."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ground.model import UnitKey
from hil_tests.support.live import QUIET, Chain, until
from protocol.wire import tables
from tools.run.folder import key_name
from tools.run.lines import has_pty

pytestmark = pytest.mark.skipif(not has_pty(), reason="needs pseudo-terminals")
UNIT = UnitKey("sz20", "w1")
NAME = str(UNIT)


class Bench:
    """One unit and its ground; the command line is used in the folder in which the ground runs."""

    def __init__(self, folder: Path, runtime: str, run_panewatch: Callable) -> None:
        scenario = folder / "quiet.toml"
        scenario.write_text(QUIET)
        self._run = lambda *words: run_panewatch(*map(str, words), cwd=folder)
        self.keys = folder / "keys"
        self.chain = Chain(folder, scenario, {UNIT: (runtime, "pty")}, self._run)
        self.unit = self.chain.units[0]
        self.chain.start_ground()
        self.chain.start_units()
        until(lambda: self.state() == "live")

    def state(self) -> str:
        return self.chain.get("units")[0]["state"]

    def panewatch(self, *words: object, code: int = 0) -> str:
        """Run a command line to its end; gives its output."""
        program = self._run(*words)
        assert program.wait(60) == code, program.output
        return program.output

    def history(self) -> list[dict]:
        return json.loads(self.panewatch("command", "history", "--json"))

    def key(self) -> bytes:
        return (self.keys / key_name(UNIT)).read_bytes()


@pytest.fixture(params=["cpython", pytest.param("micropython", marks=pytest.mark.micropython)])
def bench(request, tmp_path: Path, run_panewatch: Callable) -> Iterator[Bench]:
    if request.param == "micropython":
        request.getfixturevalue("micropython")
    made = Bench(tmp_path, request.param, run_panewatch)
    yield made
    made.chain.close()


def test_stages_are_shown_and_effects_verified(bench):
    words = ("command", "send", NAME, "set_setting", "setting=hdt_us", "value=300")
    said = bench.panewatch(*words, "--confirm", NAME, "--wait")
    assert re.search(r"(?s) send\n.* accepted\n.* completed\n", said)
    assert "completed, verified, setting: value is 300 µs" in said
    assert [d.raw["value"] for d in bench.unit.of_type("setting")] == [300]
    said = bench.panewatch("command", "send", NAME, "delete_monitor", "monitor=99",
                           "--confirm", NAME, "--wait", code=1)  # fmt: skip
    assert "failed, no such item" in said
    for wrong, why in (
        (("command", "send", NAME, "set_setting", "setting=hdt_us", "value=9"), "from 50 to 800"),
        (("command", "send", NAME, "fire"), "there is no command fire"),
        (("command", "send", "sz99/w1", "alive"), "There is no unit sz99/w1"),
        (("command", "send", NAME, "alive", "now"), "as NAME=VALUE"),
        (("command", "confirm", "99"), "There is no command 99"),
    ):
        said = bench.panewatch(*wrong, code=2)
        assert why in said
        assert said.count("\n") == 1


def test_a_reboot_is_confirmed_and_seen_in_the_next_boot(bench):
    said = bench.panewatch("command", "send", NAME, "reboot")
    assert "unconfirmed" in said
    assert bench.history()[0]["state"] == "unconfirmed"
    bench.panewatch("command", "confirm", "1", code=2)
    bench.panewatch("command", "confirm", "1", "--unit", NAME)
    until(lambda: bench.history()[0]["effect"] == "verified")
    (told,) = bench.history()
    assert told["state"] == "completed"
    assert told["confirmed_by"] == told["author"], "alone here, who asked typed the unit's name"
    assert [d.boot_id for d in bench.unit.of_type("boot")][-1] == 2
    alarms = [a["what"] for a in bench.chain.get("alarms?all=1")]
    assert not [what for what in alarms if "command" in what], alarms


def test_a_command_waits_for_a_dead_unit_over_a_restart_of_the_ground(bench):
    bench.unit._process.kill()
    bench.unit.wait()
    until(lambda: bench.state() == "silent")
    bench.panewatch("command", "send", NAME, "self_test")
    bench.panewatch("command", "send", NAME, "alive", "--expires", "1")
    bench.chain.ground.send(signal.SIGKILL)
    bench.chain.ground.wait()
    bench.chain.start_ground()
    until(lambda: [c["state"] for c in bench.history()] == ["expired", "queued"])
    bench.chain.start_units()
    until(lambda: bench.history()[1]["state"] == "completed")
    index = tables.TC_SELF_TEST
    kind = (tables.TC_SERVICE[index], tables.TC_SUBTYPE[index])
    sent = {p for p in bench.unit.taken() if (p[7], p[8]) == kind}
    assert len(sent) == 1


def test_another_key_without_losing_a_packet(bench):
    before = bench.key()
    said = bench.panewatch("key", "rotate", NAME)
    assert "completed, verified" in said
    assert bench.key() != before
    bench.chain.make_more(20)
    bench.panewatch("command", "send", NAME, "alive", "--wait")
    boot = bench.chain.get("units")[0]["boot_id"]
    until(lambda: bench.chain.is_complete(boot))
    made, archived = bench.unit.made(), bench.chain.archived()[UNIT]
    assert all(archived[key] == packet for key, packet in made.items() if key in archived)
    assert bench.unit.of_type("refused") == []
    assert [d.raw["event_id"] for d in bench.unit.of_type("event_info")].count(19) == 1
    told = bench.panewatch("key", "list", "--keys", bench.keys)
    assert re.fullmatch(r"sz20/w1 +[0-9a-f]{16}\n", told)
    for key in (before.hex(), bench.key().hex()):
        assert key not in told + said
