"""A unit and a ground station, as people start them, at a Mosquitto that knows its clients."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from urllib.request import urlopen

import pytest

from ground.links.broker_address import read_broker
from hil_tests.support.guarded_broker import TOPICS, VICTIM, GuardedBroker, heard_until
from hil_tests.support.live import archived_packets, lone_unit, until
from hil_tests.support.process import children
from protocol.schema.decode import decode
from protocol.wire import tc
from protocol.wire.tables import TC_ALIVE
from tools.cli.main import main
from tools.run.folder import key_name

pytestmark = pytest.mark.mosquitto


def test_unit_and_ground_work_over_tls_and_nobody_shows_a_password(
    tmp_path: Path, free_port: int, run_program, run_panewatch
) -> None:
    broker = GuardedBroker(tmp_path, free_port, run_program)
    unit = run_panewatch("firmware", "--speed", "5", *broker.arguments(VICTIM), cwd=tmp_path)
    unit.wait_for(rf"mqtts://127.0.0.1:{free_port}: connected")
    archive = tmp_path / "a.sqlite"
    ground = run_panewatch(
        "ground", "--archive", str(archive), "--fleet", "quiet", *broker.arguments("ground"),
        cwd=tmp_path,
    )  # fmt: skip
    address = ground.wait_for(r"^Console: (\S+?)/$")[1]
    ground.wait_for(rf"mqtts://127.0.0.1:{free_port}: connected")
    until(lambda: len(next(iter(archived_packets(archive).values()), {})) > 20)
    sent = run_panewatch(
        "command", "send", "sz20/w1", "alive", "--wait", cwd=tmp_path
    )  # up to its completion: both ways
    assert sent.wait(60) == 0, sent.output
    names = {decode(p).name for p in next(iter(archived_packets(archive).values())).values()}
    assert {"boot", "housekeeping"} <= names

    told = [unit.output, ground.output, sent.output, broker.program.output]
    routes = ("health", "units", "report", "metrics", "alarms")
    told += [urlopen(f"{address}/api/{r}", timeout=10).read().decode() for r in routes]
    pids = (unit.pid, ground.pid, *children(unit.pid))
    told += [Path(f"/proc/{pid}/cmdline").read_bytes().decode() for pid in pids]
    assert "firmware\0--once" in told[-1]
    whole = "".join(told).encode() + archive.read_bytes()
    whole += (tmp_path / "a.sqlite-wal").read_bytes()
    for user in (VICTIM, "ground"):
        assert broker.password(user).encode() not in whole
    # The unit itself needs it, in a file for nobody else.
    config = tmp_path / ".panewatch" / "units" / "sz20-w1.json"
    assert broker.password(VICTIM) in config.read_text()
    assert config.stat().st_mode & 0o077 == 0


def test_a_run_at_it_where_each_is_its_own_user(
    tmp_path: Path, free_port: int, run_program, run_panewatch
) -> None:
    broker = GuardedBroker(tmp_path, free_port, run_program)
    run = run_panewatch(
        "run", "--scenario", "quiet", "--broker", f"mqtts://127.0.0.1:{free_port}",
        "--ca", str(broker.ca), "--broker-clients", str(broker.folder / "clients"), cwd=tmp_path,
    )  # fmt: skip
    run.wait_for("first packet")
    broker.program.wait_for(r"as sz20\.w1 .*u'sz20\.w1'")
    broker.program.wait_for(r"as ground .*u'ground'")
    run.interrupt()
    assert run.wait(30) == 0
    logs = "".join(p.read_text(errors="replace") for p in tmp_path.rglob(".panewatch/**/*.log"))
    for user in (VICTIM, "ground"):
        assert broker.password(user) not in run.output + logs


@pytest.mark.micropython
async def test_a_unit_on_micropython_gets_in_too(
    tmp_path: Path, free_port: int, run_program
) -> None:
    broker = GuardedBroker(tmp_path, free_port, run_program)
    link = read_broker(broker.whole(VICTIM))
    unit = lone_unit(tmp_path, "micropython", link.whole, ca=str(broker.ca))
    key = (tmp_path / "keys" / key_name(unit.unit)).read_bytes()
    try:
        async with broker.client("ground") as ground:
            await ground.subscribe("panewatch/#", 1)
            unit.start()
            assert await heard_until(ground, b"online") == [b"online"]
            await ground.publish(f"{TOPICS}/w1/tc", tc.build(TC_ALIVE, unit.apid, 0, 0, key, ()), 1)
            await asyncio.to_thread(until, lambda: unit.of_type("alive"))
        await asyncio.to_thread(unit.end)
    finally:
        unit.close()
    assert unit.log.read_text() == f"firmware: {link.name}: connected\n"


def test_a_renewed_certificate_is_shown_after_a_reload(
    tmp_path: Path, free_port: int, run_program
) -> None:
    broker = GuardedBroker(tmp_path, free_port, run_program)
    before = ssl.get_server_certificate(("127.0.0.1", free_port), timeout=10)
    assert main(["tls", "new", "127.0.0.1", "--out", str(broker.folder / "tls")]) == 0
    broker.reload()
    after = ssl.get_server_certificate(("127.0.0.1", free_port), ca_certs=str(broker.ca))
    assert after != before
