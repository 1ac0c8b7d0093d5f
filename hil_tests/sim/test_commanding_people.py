"""Who may command over HTTP, and that a second person is one."""

from __future__ import annotations

import httpx
import pytest

from ground.access.access import Access
from ground.access.roles import Role
from ground.access.store import AccessStore
from ground.api.app import create_app
from hil_tests.sim.command_bench import T0, CommandBench
from hil_tests.support.people import DAY_US

PASSWORD = "a password of one's own"
HAZARD = {
    "vehicle": "sz20", "unit": "w1", "command": "set_setting",
    "arguments": {"setting": "ae_threshold", "value": 45.5},
}  # fmt: skip


class Room:
    """People at a station with a real unit on its line; each acts by an API token."""

    def __init__(self, bench: CommandBench, **roles: Role) -> None:
        self.access = Access(AccessStore(), "run", "root at the command line", clock_us=lambda: T0)
        for name, role in roles.items():
            self.access.users.add(name, role, PASSWORD, T0, "test")
        app = create_app(bench.ground, access=self.access, port=8420)
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8420"
        )

    def token(self, user: str, name: str) -> str:
        return self.access.tokens.new(user, name, Role.OPERATOR, T0, T0 + DAY_US, "test")

    async def post(self, token: str, path: str, **body) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"}
        return await self.client.post(f"/api/commands{path}", json=body, headers=headers)


@pytest.fixture
def bench(tmp_path) -> CommandBench:
    made = CommandBench(tmp_path)
    made.run(5)
    return made


async def test_another_person_confirms_and_a_token_is_none(bench):
    """Neither under one's own other token nor under another's name."""
    room = Room(bench, ada=Role.ADMIN, olga=Role.OPERATOR)
    placed = await room.post(room.token("olga", "one"), "", **HAZARD, author="someone")
    assert (placed.status_code, placed.json()["author"]) == (201, "olga (token one)")
    own = await room.post(room.token("olga", "two"), "/1/confirm", author="ada", unit="sz20/w1")
    assert (own.status_code, "another person confirms it" in own.json()["error"]) == (409, True)
    bench.run(1)
    assert bench.sent_of("set_setting") == []
    other = await room.post(room.token("ada", "one"), "/1/confirm")
    assert (other.status_code, other.json()["confirmed_by"]) == (200, "ada (token one)")
    bench.run(1)
    assert len(bench.sent_of("set_setting")) == 1


async def test_the_command_line_is_one_person_whatever_name_it_gives(bench):
    room = Room(bench, ada=Role.ADMIN, olga=Role.OPERATOR)
    assert (await room.post("run", "", **HAZARD, author="ann")).status_code == 201
    assert (await room.post("run", "/1/confirm", author="bob")).status_code == 409


async def test_who_is_alone_types_the_unit(bench):
    room = Room(bench, ada=Role.ADMIN)
    token = room.token("ada", "one")
    assert (await room.post(token, "", **HAZARD)).status_code == 201
    assert (await room.post(token, "/1/confirm")).status_code == 422
    assert (await room.post(token, "/1/confirm", unit="sz20/w1")).status_code == 200


@pytest.fixture
def away(tmp_path) -> CommandBench:
    """A station whose unit cannot be reached until `up`."""
    made = CommandBench(tmp_path)
    made.run(5)
    made.up = False
    made.run(7)
    return made


def lose_eve(access: Access) -> None:
    access.users.remove("eve", T0, "test")


def demote_eve(access: Access) -> None:
    access.users.set_role("eve", Role.VIEWER, T0, "test")


def revoke(access: Access) -> None:
    access.tokens.revoke("eve", "one", T0, "test")


def let_expire(access: Access) -> None:
    access._clock_us = lambda: T0 + DAY_US


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lose_eve, "eve is no user any more (who asked for it)"),
        (demote_eve, "eve is viewer now and may not command"),
        (revoke, "the token one of eve was revoked"),
        (let_expire, "the token one of eve has expired"),
    ],
)
async def test_what_waits_is_not_sent_for_whom_may_command_no_more(away, change, words):
    """A command that waits for its unit is worth what its author is worth when it comes."""
    room = Room(away, ada=Role.ADMIN, eve=Role.OPERATOR)
    away.station.dispatch.heed(room.access.barred)
    order = {"vehicle": "sz20", "unit": "w1", "command": "self_test"}
    assert (await room.post(room.token("eve", "one"), "", **order)).status_code == 201
    away.run(1)
    assert away.request().state == "queued"
    change(room.access)
    away.up = True
    away.run(5)
    assert (away.request().state, away.sent_of("self_test")) == ("cancelled", [])
    assert words in away.request().reason
    away.kill()
    away.open()  # and the fold says the same
    assert words in away.request().reason


async def test_nor_for_whom_confirmed_it(away):
    room = Room(away, ada=Role.ADMIN, olga=Role.OPERATOR, eve=Role.OPERATOR)
    away.station.dispatch.heed(room.access.barred)
    await room.post(room.token("olga", "one"), "", **HAZARD)
    assert (await room.post(room.token("eve", "one"), "/1/confirm")).status_code == 200
    lose_eve(room.access)
    away.up = True
    away.run(5)
    assert (away.request().state, away.sent_of("set_setting")) == ("cancelled", [])
    assert "who confirmed it" in away.request().reason


async def test_what_was_sent_is_not_repeated_for_them(bench):
    room = Room(bench, ada=Role.ADMIN, eve=Role.OPERATOR)
    bench.station.dispatch.heed(room.access.barred)
    bench.lose = lambda packet: True
    order = {"vehicle": "sz20", "unit": "w1", "command": "self_test"}
    await room.post(room.token("eve", "one"), "", **order)
    bench.run(1)
    assert len(bench.sent_of("self_test")) == 1
    lose_eve(room.access)
    bench.run(25)
    assert (len(bench.sent_of("self_test")), bench.request().state) == (1, "timed out")


async def test_users_that_cannot_be_read_hold_a_command_back_and_do_not_cancel_it(away):
    room = Room(away, ada=Role.ADMIN, eve=Role.OPERATOR)
    away.station.dispatch.heed(room.access.barred)
    order = {"vehicle": "sz20", "unit": "w1", "command": "self_test"}
    await room.post(room.token("eve", "one"), "", **order)
    room.access.store.change("ALTER TABLE users RENAME TO away")
    away.up = True
    away.run(3)
    assert (away.request().state, away.sent_of("self_test")) == ("queued", [])
    room.access.store.change("ALTER TABLE away RENAME TO users")
    away.run(3)
    assert len(away.sent_of("self_test")) == 1


async def test_names_at_the_command_line_are_no_users(away):
    """The run's token acts in a name that no user can have; without users a name is only said."""
    room = Room(away, ada=Role.ADMIN)
    away.station.dispatch.heed(room.access.barred)
    order = {"vehicle": "sz20", "unit": "w1", "command": "self_test", "author": "ann"}
    placed = await room.post("run", "", **order)
    assert placed.json()["author"] == "root at the command line"
    away.up = True
    away.run(3)
    assert len(away.sent_of("self_test")) == 1
    assert Access(AccessStore(), "run").barred("ann") == ""
