"""Rogue clients at a real Mosquitto that `panewatch broker config` configured: nothing changes.

The broker takes what comes in order. So where a message of the rightful unit, sent afterwards, is
all that the ground gets, nothing of the rogue's came, and nothing is waited for in vain.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import aiomqtt
import pytest

from firmware.links.backoff import Backoff
from firmware.links.mqtt import MqttLink as UnitLink
from ground.clock import SteadyClock
from ground.links.broker_address import PASSWORD
from ground.links.link import Link, LinkState
from ground.links.mqtt import PIECE_BYTES, MqttLink
from ground.model import Chunk, UnitKey
from ground.stream.intake import Intake
from hil_tests.sim.fake_unit import FakeUnit
from hil_tests.support.guarded_broker import (
    OTHER,
    TOPICS,
    VICTIM,
    WITHIN_S,
    GuardedBroker,
    heard_until,
)
from tools.broker.mosquitto import HEADER_BYTES

pytestmark = pytest.mark.mosquitto
FORGED = FakeUnit(key=bytes(32)).boot()
GENUINE = FakeUnit().housekeeping()
W1 = UnitKey("sz20", "w1")


@pytest.fixture
def broker(tmp_path: Path, free_port: int, run_program) -> GuardedBroker:
    return GuardedBroker(tmp_path, free_port, run_program)


class Ground:
    """The ground's own link, and everything that it hands to the station."""

    def __init__(self, url: str) -> None:
        self.link = MqttLink(url, SteadyClock())
        self.link.session = "panewatch0123456789ab"
        self.link.on_change = self._changed
        self.chunks: asyncio.Queue[Chunk] = asyncio.Queue()
        self.said: list[str] = []
        self._event = asyncio.Event()

    def _changed(self, link: Link) -> None:
        self.said.append(link.words)
        self._event.set()

    async def opened(self) -> None:
        async with asyncio.timeout(WITHIN_S):
            while self.link.state is not LinkState.OPEN:
                await self.changed()

    async def changed(self) -> None:
        """Wait until the link says something."""
        self._event.clear()
        await self._event.wait()

    async def gets_only(self, *payloads: bytes) -> None:
        """The next chunks are these, of the victim, and the link never was away."""
        async with asyncio.timeout(WITHIN_S):
            chunks = [await self.chunks.get() for _ in payloads]
        assert [(c.unit, c.data) for c in chunks] == [(W1, payload) for payload in payloads]
        assert self.chunks.empty()
        assert self.said == ["connected"]


@pytest.fixture
async def ground(broker: GuardedBroker) -> AsyncIterator[Ground]:
    made = Ground(broker.whole("ground"))
    task = asyncio.create_task(made.link.run(made.chunks.put))
    await made.opened()
    yield made
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def failures(monkeypatch) -> asyncio.Queue[tuple[str, float]]:
    """What units say of connections that failed, and how long they wait then."""
    told: asyncio.Queue[tuple[str, float]] = asyncio.Queue()
    failed = Backoff.failed

    def noted(backoff, why):
        told.put_nowait((why, backoff._wait_s))
        return failed(backoff, why)

    monkeypatch.setattr(Backoff, "failed", noted)
    return told


async def beat() -> None:
    """Nobody watches here."""


async def say_genuine(broker: GuardedBroker) -> None:
    async with broker.client(VICTIM) as victim:
        await victim.publish(f"{TOPICS}/w1/tm", GENUINE, 1)


@pytest.mark.parametrize(
    ("user", "password"),
    [
        (None, None),
        (VICTIM, ""),
        (VICTIM, "wrong"),
        ("sz20.w3", "wrong"),
        ("root", ""),
        (VICTIM, "of the other unit"),
    ],
)
async def test_who_shows_no_right_password_does_not_get_in(broker, ground, user, password):
    if password == "of the other unit":
        password = broker.password(OTHER)
    with pytest.raises(aiomqtt.MqttError, match=r"(?i)not authori[sz]ed"):
        async with broker.client(user, password) as rogue:
            await rogue.publish(f"{TOPICS}/w1/tm", FORGED, 1)
    await say_genuine(broker)
    await ground.gets_only(GENUINE)


async def test_without_tls_nobody_gets_in(broker, ground):
    with pytest.raises(aiomqtt.MqttError):
        async with broker.client(OTHER, tls_context=None, timeout=2):
            pass
    await say_genuine(broker)
    await ground.gets_only(GENUINE)


@pytest.mark.parametrize("retain", [False, True])
async def test_a_unit_publishes_as_nobody_else(broker, ground, retain):
    async with broker.client(VICTIM) as victim:
        await victim.subscribe(f"{TOPICS}/w1/tc", 1)
        async with broker.client(OTHER) as rogue:
            for topic in ("w1/tm", "w1/status", "w1/tc", "w2/tc", "w1/tm/more", "w3/tm"):
                await rogue.publish(f"{TOPICS}/{topic}", FORGED, 1, retain=retain)
            for topic in ("panewatch/00000000/sz20/w1/tm", "panewatch/tm", "x", "$SYS/broker/x"):
                await rogue.publish(topic, FORGED, 1, retain=retain)
        await victim.publish(f"{TOPICS}/w1/tm", GENUINE, 1)
        await ground.gets_only(GENUINE)
        ground.link.send(W1, b"a command")
        assert await heard_until(victim, b"a command") == [b"a command"]
    async with broker.client("ground", clean_session=True) as later:  # is anything kept for it?
        await later.subscribe("panewatch/#", 1)
        await say_genuine(broker)
        assert await heard_until(later, GENUINE) == [GENUINE]


async def test_a_unit_hears_nothing_but_its_own_commands(broker, ground):
    patterns = ("#", "$SYS/#", "panewatch/#", "+/+/+/+/+", "panewatch/+/+/+/tc", f"{TOPICS}/w1/tc")
    async with broker.client(OTHER) as rogue, broker.client(VICTIM) as victim:
        await victim.subscribe(f"{TOPICS}/w1/tc", 1)
        for pattern in (*patterns, f"{TOPICS}/+/tm", f"{TOPICS}/w2/tc"):
            await rogue.subscribe(pattern, 1)
        ground.link.send(W1, b"for the victim")
        await victim.publish(f"{TOPICS}/w1/tm", GENUINE, 1)
        assert await heard_until(victim, b"for the victim") == [b"for the victim"]
        ground.link.send(UnitKey("sz20", "w2"), b"for itself")
        heard = await heard_until(rogue, b"for itself")
        assert set(heard) == {b"for itself"}
    await ground.gets_only(GENUINE)


async def test_a_will_on_anothers_topic_is_not_executed(broker, ground):
    for unit in ("w1", "w2"):  # the second is its own, and shows that wills are executed
        will = aiomqtt.Will(f"{TOPICS}/{unit}/tm", FORGED, 1, retain=True)
        with pytest.raises(aiomqtt.MqttError):
            async with broker.client(OTHER, will=will) as rogue:  # ends without a goodbye:
                await rogue.publish(f"{TOPICS}/w2/tm", bytes(3 * HEADER_BYTES + 8192), 1, timeout=2)
    chunk = await asyncio.wait_for(ground.chunks.get(), WITHIN_S)
    assert (chunk.unit, chunk.data) == (UnitKey("sz20", "w2"), FORGED)
    await say_genuine(broker)
    await ground.gets_only(GENUINE)


async def test_a_message_too_long_ends_its_connection(broker, ground):
    async with broker.client(VICTIM) as victim:
        fits = bytes(8192)
        await victim.publish(f"{TOPICS}/w1/tm", fits, 1)
        with pytest.raises(aiomqtt.MqttError):
            await victim.publish(f"{TOPICS}/w1/tm", bytes(8192 + HEADER_BYTES), 1, timeout=2)
    await say_genuine(broker)
    await ground.gets_only(fits, GENUINE)


@pytest.mark.parametrize("clean", [False, True])
@pytest.mark.parametrize("whose", ["ground", "panewatch0123456789ab", VICTIM])
async def test_calling_oneself_as_another_takes_over_nothing(broker, ground, whose, clean):
    async with broker.client(VICTIM) as victim:
        await victim.subscribe(f"{TOPICS}/w1/tc", 1)
        async with broker.client(OTHER, identifier=whose, clean_session=clean) as rogue:
            await rogue.subscribe(f"{TOPICS}/w2/tc", 1)
            await victim.publish(f"{TOPICS}/w1/tm", GENUINE, 1)
            await ground.gets_only(GENUINE)
            ground.link.send(W1, b"for the victim")
            assert await heard_until(victim, b"for the victim") == [b"for the victim"]
            ground.link.send(UnitKey("sz20", "w2"), b"for itself")
            assert await heard_until(rogue, b"for itself") == [b"for itself"]


async def test_the_ground_commands_and_says_nothing_in_a_units_name(broker, ground):
    async with broker.client(VICTIM) as victim:
        await victim.subscribe(f"{TOPICS}/w1/tc", 1)
        ground.link.send(W1, b"a command")
        assert await heard_until(victim, b"a command") == [b"a command"]
        # as who has stolen the ground's password: it takes the session over, and no more
        async with broker.client("ground", clean_session=True) as thief:
            for leaf in ("tm", "status"):
                await thief.publish(f"{TOPICS}/w1/{leaf}", FORGED, 1, retain=True)
            await thief.subscribe("panewatch/#", 1)
            await victim.publish(f"{TOPICS}/w1/tm", GENUINE, 1)
            assert await heard_until(thief, GENUINE) == [GENUINE]


async def test_a_ground_with_a_wrong_password_says_so(broker, monkeypatch):
    monkeypatch.setenv(PASSWORD, "wrong")
    ground = Ground(f"{broker.link('ground')}?ca={broker.ca}")
    task = asyncio.create_task(ground.link.run(ground.chunks.put))
    async with asyncio.timeout(WITHIN_S):
        while not ground.said:
            await ground.changed()
    assert ground.said[0].startswith("the broker refuses user or password (")
    assert "wrong" not in ground.said[0]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_certificate_of_another_authority_is_told_with_what_to_do(broker, monkeypatch):
    monkeypatch.setenv(PASSWORD, broker.password("ground"))
    ground = Ground(broker.link("ground"))  # trusts what the system does
    task = asyncio.create_task(ground.link.run(ground.chunks.put))
    async with asyncio.timeout(WITHIN_S):
        while not ground.said:
            await ground.changed()
    assert ground.said[0].startswith("the broker's certificate is not trusted here (")
    assert "--ca FILE" in ground.said[0]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_unit_tells_the_same_of_such_a_certificate(broker, failures):
    address = f"mqtts://{VICTIM}:{broker.password(VICTIM)}@127.0.0.1:{broker.port}"
    task = asyncio.create_task(UnitLink(address, "sz20", "w1").run(lambda _: None, beat))
    why, _ = await asyncio.wait_for(failures.get(), WITHIN_S)
    assert why.startswith("the broker's certificate is not trusted here (")
    assert "--ca FILE" in why
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_two_grounds_of_one_name_are_told_and_wait(broker, monkeypatch):
    monkeypatch.setattr("ground.links.link.BACKOFF_S", (0.05, 0.1, 30.0))
    told: asyncio.Queue[str] = asyncio.Queue()
    twins = [Ground(broker.whole("ground")) for _ in range(2)]
    for twin in twins:
        twin.link.on_change = lambda link: told.put_nowait(link.words)
    tasks = [asyncio.create_task(twin.link.run(twin.chunks.put)) for twin in twins]
    async with asyncio.timeout(WITHIN_S):
        while "another client" not in (words := await told.get()):
            pass
    assert "this one's name (ground)" in words
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_two_units_of_one_name_are_told_and_wait_longer(broker, failures):
    address = f"mqtts://{VICTIM}:{broker.password(VICTIM)}@127.0.0.1:{broker.port}"
    twins = [UnitLink(address, "sz20", "w1", str(broker.ca)) for _ in range(2)]
    tasks = [asyncio.create_task(twin.run(lambda _: None, beat)) for twin in twins]
    said = []
    async with asyncio.timeout(WITHIN_S):
        while not said or said[-1][1] < 1:
            said.append(await failures.get())
    assert said[0][0] == "the broker closed the connection"
    assert said[-1][0].endswith(f"another client seems to go by the name {VICTIM}")
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_changed_password_holds_at_once_and_for_its_unit_only(broker, ground):
    old = broker.password(OTHER)
    async with broker.client(OTHER) as other, broker.client(VICTIM) as victim:
        assert broker.configure("--rotate", "sz20/w2", "--unit", "sz20/w3") == 0
        broker.reload()
        with pytest.raises(aiomqtt.MqttError):  # what it was let in by holds no more
            async with asyncio.timeout(WITHIN_S):
                async for _ in other.messages:
                    pass
        await victim.publish(f"{TOPICS}/w1/tm", GENUINE, 1)
        await ground.gets_only(GENUINE)
    with pytest.raises(aiomqtt.MqttError, match=r"(?i)not authori[sz]ed"):
        async with broker.client(OTHER, old):
            pass
    for user, unit in ((OTHER, "w2"), ("sz20.w3", "w3")):
        async with broker.client(user) as unit_client:
            await unit_client.publish(f"{TOPICS}/{unit}/tm", GENUINE, 1)
        chunk = await asyncio.wait_for(ground.chunks.get(), WITHIN_S)
        assert chunk.unit == UnitKey("sz20", unit)
    assert broker.configure("--remove", "sz20/w3") == 0
    broker.reload()
    with pytest.raises(aiomqtt.MqttError, match=r"(?i)not authori[sz]ed"):
        async with broker.client("sz20.w3", "whatever it was"):
            pass


async def test_at_an_open_broker_noise_is_counted_and_what_is_made_up_well_is_believed(mosquitto):
    """What docs/security.md says of a broker that lets anybody in, no more and no less."""
    ground, intake = Ground(mosquitto), Intake()
    task = asyncio.create_task(ground.link.run(ground.chunks.put))
    await ground.opened()
    noise = [b"\0" * 50, b"\xff" * 3, GENUINE[:-1], GENUINE[:-1] + b"\0", bytes(100_000)]
    address = urlsplit(mosquitto)
    async with aiomqtt.Client(address.hostname, address.port) as rogue:
        for topic in ("panewatch/x/y", f"{TOPICS}/W1/tm", f"{TOPICS}/w1/status", f"{TOPICS}/w1/tc"):
            await rogue.publish(topic, GENUINE, 1)
        for payload in noise:
            await rogue.publish(f"{TOPICS}/w1/tm", payload, 1)
        await rogue.publish("panewatch/0badcafe/sz20/w1/tm", GENUINE, 1)  # of another schema
        await rogue.publish(f"{TOPICS}/w2/tm", FORGED, 1)  # it names w1: w2 it is, and that is said
        await rogue.publish(f"{TOPICS}/w1/tm", GENUINE, 1)
    found = []
    async with asyncio.timeout(WITHIN_S):
        while not found or found[-1].unit != W1:
            found += intake.take(await ground.chunks.get())
    assert [(one.unit.unit, one.decoded.data) for one in found] == [("w2", FORGED), ("w1", GENUINE)]
    counters = intake.counters()[mosquitto]
    damaged = sum(-(-len(payload) // PIECE_BYTES) for payload in noise)  # long noise in pieces
    assert (counters.damaged, counters.frames) == (damaged, 2)
    assert counters.noise_bytes == sum(map(len, noise))
    said = " ".join(trouble.words for trouble in intake.troubles)
    assert "topic of sz20/w2 carries packets of sz20/w1" in said
    assert "a unit of another schema, 0badcafe" in said
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
