"""A live unit at a broker, on each runtime: both ways, its status, TLS, wrong certificates."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import aiomqtt
import pytest
import trustme

from ground.archive.archive import Archive
from ground.archive.entries import StoredPacket
from hil_tests.conftest import LOGS
from hil_tests.support import programs
from hil_tests.support.live import LONGEST_GAP_US, LiveUnit, lone_unit, until
from protocol.schema.decode import decode
from protocol.wire import tables, tc
from protocol.wire.tables import SCHEMA_HASH
from tools.run.folder import key_name

TOPIC = f"panewatch/{SCHEMA_HASH:08x}/sz20/w1"
WITHIN_S = 20

pytestmark = pytest.mark.mosquitto
RUNTIMES = ["cpython", pytest.param("micropython", marks=pytest.mark.micropython)]


@pytest.fixture(params=RUNTIMES)
def runtime(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def start(
    request: pytest.FixtureRequest, tmp_path: Path, runtime: str
) -> Iterator[Callable[..., LiveUnit]]:
    """`start(link, **settings)` starts a unit on each runtime."""
    made: list[LiveUnit] = []

    def make(link: str, **settings: object) -> LiveUnit:
        made.append(lone_unit(tmp_path, runtime, link, **settings))
        request.node.stash.setdefault(LOGS, []).append(made[-1].log)
        made[-1].start()
        return made[-1]

    yield make
    for unit in made:
        unit.close()


@pytest.fixture(params=["mosquitto", "amqtt_broker"])
def broker(request: pytest.FixtureRequest) -> str:
    """URL of each broker in turn."""
    return request.getfixturevalue(request.param)


class Listener:
    """The broker's messages of one unit, awaited."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self._client = client

    async def wait_for(self, leaf: str, holds: Callable[[bytes], object]) -> bytes:
        """The next payload on a topic for which something holds."""

        async def wait() -> bytes:
            async for message in self._client.messages:
                payload = bytes(message.payload)
                if str(message.topic) == f"{TOPIC}/{leaf}" and holds(payload):
                    return payload
            raise AssertionError("the broker left")

        return await asyncio.wait_for(wait(), WITHIN_S)


def client(url: str) -> aiomqtt.Client:
    parts = urlsplit(url)
    return aiomqtt.Client(
        parts.hostname, parts.port, username=parts.username, password=parts.password
    )


async def test_it_boots_answers_and_says_goodbye(start, broker, tmp_path):
    async with client(broker) as ground:
        await ground.subscribe("panewatch/#", qos=1)
        listener = Listener(ground)
        unit = start(broker)
        await listener.wait_for("status", lambda payload: payload == b"online")
        await listener.wait_for("tm", bool)
        key = (tmp_path / "keys" / key_name(unit.unit)).read_bytes()
        commands = [tc.build(tables.TC_ALIVE, unit.apid, 0, n, key, ()) for n in range(3)]
        await ground.publish(f"{TOPIC}/tc", commands[0] + commands[1], 1)
        await ground.publish(f"{TOPIC}/tc", b"noise", 1)
        await ground.publish(f"{TOPIC}/tc", bytes(20_000), 1)
        await ground.publish(f"{TOPIC}/tc", commands[2], 1)
        await asyncio.to_thread(until, lambda: len(unit.of_type("alive")) == 3)
        answer = unit.of_type("alive")[-1].data
        await listener.wait_for("tm", lambda payload: answer in payload)
        await asyncio.to_thread(
            until, lambda: unit.of_type("housekeeping")[-1].raw["commands_refused"] == 2
        )
        await asyncio.to_thread(unit.end)
        await listener.wait_for("status", lambda payload: payload == b"offline")
    assert "not connected" not in unit.log.read_text()


async def test_its_last_will_when_it_is_killed(start, mosquitto):
    async with client(mosquitto) as ground:
        await ground.subscribe(f"{TOPIC}/status", qos=1)
        unit = start(mosquitto)
        await Listener(ground).wait_for("status", lambda payload: payload == b"online")
        unit.close()
        await Listener(ground).wait_for("status", lambda payload: payload == b"offline")


def authority(folder: Path, name: str, *names: str) -> Path:
    """A new authority's certificate; what a broker of these names needs is beside it."""
    made = trustme.CA()
    issued = made.issue_cert(*names)
    made.cert_pem.write_to_path(folder / f"{name}.pem")
    issued.private_key_pem.write_to_path(folder / f"{name}.key")
    chain = b"".join(pem.bytes() for pem in issued.cert_chain_pems)
    (folder / f"{name}.crt").write_bytes(chain)
    return folder / f"{name}.pem"


@pytest.fixture
def start_tls_broker(tmp_path: Path, free_port: int, run_program) -> Callable[[str], str]:
    """`start_tls_broker(name)` starts a Mosquitto with the certificate of authority `name`."""

    def start(name: str) -> str:
        config = tmp_path / "tls.conf"
        config.write_text(
            f"user root\nlistener {free_port} 127.0.0.1\nallow_anonymous true\nlog_dest stderr\n"
            f"certfile {tmp_path}/{name}.crt\nkeyfile {tmp_path}/{name}.key\n"
        )
        broker = run_program("tls", [programs.mosquitto(), "-c", str(config)])
        broker.wait_for(r"mosquitto version \S+ running")
        return f"mqtts://127.0.0.1:{free_port}"

    return start


@pytest.mark.parametrize("form", ["pem", "der"])
def test_tls_from_end_to_end(start, start_tls_broker, run_panewatch, tmp_path, form):
    ca = authority(tmp_path, "ours", "127.0.0.1")
    link = start_tls_broker("ours")
    der = tmp_path / "ours.der"
    der.write_bytes(ssl.PEM_cert_to_DER_cert(ca.read_text()))
    unit = start(link, ca=str(ca if form == "pem" else der))
    archive = tmp_path / "archive.sqlite"
    ground = run_panewatch(
        "ground", "--link", f"{link}?ca={ca}", "--archive", str(archive),
        "--keys", str(tmp_path / "keys"), "--fleet", str(tmp_path / "quiet.toml"),
    )  # fmt: skip
    ground.wait_for(f"{link}: connected")
    until(unit.taken)  # the ground acknowledges what it has
    until(lambda: len(received(archive)) > 20)
    assert received(archive).items() <= unit.made().items()
    longest_us = max(p.raw["longest_gap_us"] for p in unit.of_type("housekeeping"))
    print(f"longest gap with TLS {longest_us / 1000:.1f} ms")
    assert longest_us <= LONGEST_GAP_US
    unit.end()


def received(path: Path) -> dict[tuple[int, int], bytes]:
    """The packets in an archive, by boot and record."""
    archive = Archive(path, write=False)
    try:
        stored = [e.data for e in archive.entries() if isinstance(e, StoredPacket)]
    finally:
        archive.close()
    return {(p.boot_id, p.record): p.data for p in map(decode, stored)}


@pytest.mark.parametrize("wrong", ["authority", "name"])
def test_a_certificate_that_is_wrong_is_refused_and_the_unit_goes_on(
    start, start_tls_broker, tmp_path, wrong
):
    ours = authority(tmp_path, "ours", "broker.example" if wrong == "name" else "127.0.0.1")
    other = authority(tmp_path, "other", "127.0.0.1")
    link = start_tls_broker("ours")
    unit = start(link, ca=str(ours if wrong == "name" else other))
    until(lambda: "not connected" in unit.log.read_text())
    made = len(unit.of_type("housekeeping"))
    until(lambda: len(unit.of_type("housekeeping")) > made + 20)
    lines = unit.log.read_text().splitlines()
    assert len(lines) == 1
    assert "certificate" in lines[0]
    assert ": connected" not in lines[0]
    unit.end()


@pytest.mark.parametrize(
    ("link", "settings", "words"),
    [
        ("mqtts://127.0.0.1", {"ca": "/no/such/file"}, "cannot read the certificate file"),
        ("mqtts://127.0.0.1", {"ca": __file__}, "holds no certificate"),
        ("mqtt://", {}, "needs a host"),
        ("mqtt://a%zz:b@127.0.0.1", {}, "two hexadecimal digits"),
        ("mqtt://127.0.0.1:0", {}, "no port from 1 to 65535"),
        ("mqtt://127.0.0.1", {"wifi": {"ssid": "x"}}, "wifi needs ssid and password"),
    ],
)
def test_a_link_that_can_never_work_is_refused_in_words(start, link, settings, words):
    unit = start(link, **settings)
    assert unit.wait() == 2
    lines = unit.log.read_text().splitlines()
    assert len(lines) == 1
    assert words in lines[0]
