"""Users, tokens, sessions and the lock-out, below any HTTP."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
import threading

import pytest

from ground.access import access as access_module
from ground.access import sessions
from ground.access.access import HASHES_MAX, WAITING_MAX, Access
from ground.access.errors import AccessError, SignInError, TooManyTriesError
from ground.access.passwords import verify_password
from ground.access.roles import Role
from ground.access.store import AccessStore
from ground.access.throttle import FORGET_S, USER_FREE, WAIT_MAX_S, Throttle
from ground.turns import TooBusyError
from hil_tests.support.people import DAY_US, PASSWORD, Clock, cheap_hashes

pytestmark = pytest.mark.usefixtures(cheap_hashes.__name__)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def access(tmp_path, clock):
    store = AccessStore(tmp_path / "access.sqlite")
    made = Access(store, "run", clock_us=clock, monotonic_s=clock.monotonic_s)
    made.users.add("ada", Role.ADMIN, PASSWORD, clock(), "test")
    yield made
    store.close()


async def test_the_right_password_gives_a_session_and_the_wrong_one_none(access):
    secret = await access.sign_in("ada", PASSWORD, "a")
    assert access.by_session(secret).user == "ada"
    for name, password in (("ada", "another password"), ("nobody", PASSWORD), ("ada", "")):
        with pytest.raises(SignInError, match=r"^Wrong name or password\.$"):
            await access.sign_in(name, password, "a")


@pytest.mark.parametrize("password", ["", "short", "x" * 257])
def test_a_password_has_a_length(access, clock, password):
    with pytest.raises(AccessError, match="12 to 256 characters"):
        access.users.add("olga", Role.VIEWER, password, clock(), "test")


@pytest.mark.parametrize(
    "name", ["", "Ada", "a b", "-x", "x" * 33, "ä", "a\n", "a'; DROP TABLE users"]
)
def test_a_name_has_a_form(access, clock, name):
    with pytest.raises(AccessError, match="is no name"):
        access.users.add(name, Role.VIEWER, PASSWORD, clock(), "test")


def test_the_first_user_and_the_last_admin(access, clock):
    users = access.users
    users.add("olga", Role.OPERATOR, PASSWORD, clock(), "test")
    for change in (
        lambda: users.remove("ada", clock(), "test"),
        lambda: users.set_role("ada", Role.OPERATOR, clock(), "test"),
    ):
        with pytest.raises(AccessError, match="ada is the only admin"):
            change()
    users.set_role("ada", Role.ADMIN, clock(), "test")
    users.set_role("olga", Role.ADMIN, clock(), "test")
    users.remove("ada", clock(), "test")
    with pytest.raises(AccessError, match="there is no user ada; known: olga"):
        users.remove("ada", clock(), "test")
    with pytest.raises(AccessError, match="olga already"):
        users.add("olga", Role.ADMIN, PASSWORD, clock(), "test")
    with pytest.raises(AccessError, match="first user must be an admin"):
        Access(AccessStore()).users.add("vera", Role.VIEWER, PASSWORD, clock(), "test")


def test_two_stations_start_first(tmp_path, monkeypatch):
    """They share a file of users: one makes the admin and tells the password, once."""
    path = tmp_path / "shared.sqlite"
    one, two = Access(AccessStore(path)), Access(AccessStore(path))
    monkeypatch.setattr(Access, "has_users", False)  # as both saw it before either had made one
    told = [one.first_start(), two.first_start(), one.first_start()]
    assert told[0]
    assert told[1:] == [None, None]
    assert verify_password(two.users.kept_hash("admin"), told[0])


async def test_a_session_ends_idle_and_at_its_end(access, clock):
    secret = await access.sign_in("ada", PASSWORD, "a")
    end_us = clock.now_us + sessions.LIFE_US
    while clock.now_us + sessions.IDLE_US - 1 < end_us:
        clock.now_us += sessions.IDLE_US - 1
        assert access.by_session(secret)
    clock.now_us = end_us
    assert access.by_session(secret) is None
    idle = await access.sign_in("ada", PASSWORD, "a")
    clock.now_us += sessions.IDLE_US
    assert access.by_session(idle) is None


async def test_what_ends_sessions_and_tokens(access, clock):
    users = access.users
    users.add("olga", Role.OPERATOR, PASSWORD, clock(), "test")
    secret = await access.sign_in("olga", PASSWORD, "a")
    token = access.tokens.new("olga", "x", Role.OPERATOR, clock(), clock() + DAY_US, "test")
    users.set_role("olga", Role.VIEWER, clock(), "test")
    assert access.by_session(secret).role is access.by_token(token).role is Role.VIEWER
    users.set_password("olga", "another password", clock(), "test")
    assert access.by_session(secret) is None
    assert access.by_token(token).author == "olga (token x)"
    users.remove("olga", clock(), "test")
    assert access.by_token(token) is None
    assert access.tokens.list() == []


def test_a_token_is_narrow_named_and_ends(access, clock):
    access.users.add("vera", Role.VIEWER, PASSWORD, clock(), "test")
    with pytest.raises(AccessError, match="vera is viewer: no token may do more"):
        access.tokens.new("vera", "x", Role.OPERATOR, clock(), clock() + 1, "test")
    with pytest.raises(AccessError, match="there is no user nobody"):
        access.tokens.new("nobody", "x", Role.VIEWER, clock(), clock() + 1, "test")
    token = access.tokens.new("ada", "x", Role.VIEWER, clock(), clock() + DAY_US, "test")
    with pytest.raises(AccessError, match="ada has a token x already"):
        access.tokens.new("ada", "x", Role.VIEWER, clock(), clock() + DAY_US, "test")
    assert access.by_token(token).role is Role.VIEWER
    assert access.by_session(token) is None  # of one kind is none of the other
    clock.now_us += DAY_US
    assert access.by_token(token) is None
    access.tokens.revoke("ada", "x", clock(), "test")
    with pytest.raises(AccessError, match="ada has no token x"):
        access.tokens.revoke("ada", "x", clock(), "test")


def test_the_runs_token_is_an_admins_and_an_empty_one_nobodys(access):
    assert access.by_token("run").role is Role.ADMIN
    assert access.by_token("run").author is None
    without = Access(AccessStore())
    for guess in ("", "run", "None", "x" * 1000):
        assert without.by_token(guess) is None
        assert without.by_session(guess) is None


async def test_guessing_is_locked_out_with_a_growing_wait(access, clock):
    for _ in range(USER_FREE):
        with pytest.raises(SignInError, match="Wrong"):
            await access.sign_in("ada", "guess", "a")
    waits = []
    for _ in range(12):
        with pytest.raises(TooManyTriesError) as locked:
            await access.sign_in("ada", PASSWORD, "b")  # from anywhere, the right one too
        waits.append(locked.value.wait_s)
        clock.now_us += round(locked.value.wait_s * 1e6)
        with pytest.raises(SignInError, match="Wrong"):
            await access.sign_in("ada", "guess", "c")
    assert waits == [min(2.0**n, WAIT_MAX_S) for n in range(12)]
    clock.now_us += round(WAIT_MAX_S * 1e6)
    assert await access.sign_in("ada", PASSWORD, "a")  # which begins the count anew
    for _ in range(USER_FREE - 1):
        with pytest.raises(SignInError, match="Wrong"):
            await access.sign_in("ada", "guess", "a")
    assert await access.sign_in("ada", PASSWORD, "a")


def test_failures_are_forgotten_after_a_day():
    throttle = Throttle(1)
    for _ in range(9):
        throttle.charge("ada", 0.0)
    with pytest.raises(TooManyTriesError):
        throttle.check("ada", 100.0)
    throttle.check("ada", FORGET_S)
    throttle.charge("ada", FORGET_S)
    with pytest.raises(TooManyTriesError) as locked:
        throttle.check("ada", FORGET_S)
    assert locked.value.wait_s == 1.0


async def test_an_address_that_tries_many_names_is_locked_out(access):
    for k in range(20):
        with pytest.raises(SignInError, match="Wrong"):
            await access.sign_in(f"name{k}", "guess", "a")
    with pytest.raises(TooManyTriesError):
        await access.sign_in("ada", PASSWORD, "a")
    assert await access.sign_in("ada", PASSWORD, "b")


async def test_guesses_side_by_side_gain_nothing(access):
    tries = (access.sign_in("ada", "guess", str(k)) for k in range(20))
    refused = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(error, TooManyTriesError) for error in refused) == 20 - USER_FREE


async def test_a_crowd_that_signs_in_is_refused_and_another_address_is_not(access, monkeypatch):
    go = threading.Event()
    real = access_module.verify_password

    def slow(kept: str | None, password: str) -> bool:
        go.wait(20)
        return real(kept, password)

    monkeypatch.setattr(access_module, "verify_password", slow)
    crowd = [access.sign_in(f"nobody{k}", "guess", f"a{k % 3}") for k in range(40)]
    tasks = [asyncio.create_task(one) for one in crowd]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert access._hashing.waiting == WAITING_MAX
    own = asyncio.create_task(access.sign_in("ada", PASSWORD, "own"))
    await asyncio.sleep(0)
    assert access._hashing.waiting == WAITING_MAX
    go.set()
    assert await own
    ends = await asyncio.gather(*tasks, return_exceptions=True)
    busy = [k for k, end in enumerate(ends) if isinstance(end, TooBusyError)]
    assert len(busy) == 40 - HASHES_MAX - WAITING_MAX + 1
    assert all(access._by_user._failures[f"nobody{k}"].count == 0 for k in busy)


def test_made_up_names_fill_no_memory(monkeypatch):
    monkeypatch.setattr("ground.access.throttle.KEYS_MAX", 100)
    throttle = Throttle(5)
    for k in range(1000):
        throttle.charge(str(k), 0.0)
    assert len(throttle._failures) == 100


def test_the_file_is_private_and_holds_no_secret(access, clock, tmp_path):
    path = tmp_path / "access.sqlite"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    token = access.tokens.new("ada", "x", Role.VIEWER, clock(), clock() + DAY_US, "test")
    session = access.sessions.start("ada", clock())
    access.store.close()
    kept = b"".join(p.read_bytes() for p in tmp_path.iterdir())
    assert b"ada" in kept
    for secret in (token, session, PASSWORD):
        assert secret.encode() not in kept


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_a_file_that_others_can_read_is_refused(tmp_path):
    path = tmp_path / "access.sqlite"
    AccessStore(path).close()
    path.chmod(0o640)
    with pytest.raises(AccessError, match="others may read it; chmod 600"):
        AccessStore(path)


def test_another_file_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "other"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE other (x)")
    connection.close()
    path.chmod(0o600)
    before = path.read_bytes()
    with pytest.raises(AccessError, match="is no file of users that this version knows"):
        AccessStore(path)
    assert path.read_bytes() == before
    path.write_bytes(b"no database, but long enough to be taken for one" * 50)
    with pytest.raises(AccessError, match="is no file of users"):
        AccessStore(path)


async def test_the_log_says_who_did_what_but_no_wrong_name(access, clock):
    """A password typed as a name must not be kept."""
    for name in ("ada", "hunter2hunter2"):
        with pytest.raises(SignInError):
            await access.sign_in(name, "wrong", "192.0.2.1")
    access.sign_out(await access.sign_in("ada", PASSWORD, "192.0.2.1"))
    told = [(who, what) for _, who, what in reversed(access.store.entries(10))]
    assert told == [
        ("test", "added user ada, admin"),
        ("ada", "was refused from 192.0.2.1"),
        ("an unknown name", "was refused from 192.0.2.1"),
        ("ada", "signed in from 192.0.2.1"),
        ("ada", "signed out"),
    ]


def test_the_log_is_bounded(access, monkeypatch):
    monkeypatch.setattr("ground.access.store.LOG_MAX", 20)
    for k in range(50):
        access.store.log(k, "x", "y")
    assert [entry[0] for entry in access.store.entries(100)] == list(range(49, 29, -1))
