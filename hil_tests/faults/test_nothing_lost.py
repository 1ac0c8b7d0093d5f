"""Whatever dies or lies, the archive ends up with what the units made, record by record."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ground.model import UnitKey
from hil_tests.conftest import LOGS
from hil_tests.support.live import Chain, LiveUnit, until
from hil_tests.support.process import Program
from protocol.wire import tables, tc
from protocol.wire.crc import packet_check
from tools.run.lines import has_pty

pytestmark = [
    pytest.mark.micropython,
    pytest.mark.mosquitto,
    pytest.mark.skipif(not has_pty(), reason="needs pseudo-terminals"),
]

SZ20, SZ21, SZ22, TIANGONG = (
    UnitKey(vehicle, "w1") for vehicle in ("sz20", "sz21", "sz22", "tiangong")
)
FORGED_COUNTER = 200
# Where an unsigned acknowledgement should carry counter and MAC there are zeros of its bitmap.
REFUSED = [
    (0, tc.FAIL_UNSIGNED), (0, tc.FAIL_FORGED),
    (FORGED_COUNTER, tc.FAIL_FORGED), (FORGED_COUNTER, tc.FAIL_FORGED),
]  # fmt: skip
SCENARIO = """
name = "lossy"
seed = 3
duration_s = 3600
epoch = "2025-11-04T00:00:00Z"
"""
VEHICLE = """
[[vehicle]]
id = "{0}"
role = "station"
[[vehicle.window]]
id = "w1"
"""
STRIKE = """
[[event]]
t_s = {1}
vehicle = "{0}"
window = "w1"
kind = "impact"
pane = "outer"
x_mm = 20.0
y_mm = 10.0
diameter_mm = 0.2
speed_km_s = 10.0
density_g_cm3 = 2.7
"""
LOSS = """
[[event]]
t_s = {1}
vehicle = "{0}"
window = "w1"
kind = "link_loss"
for_s = {2}
"""


def told_of(*units: UnitKey, strike_s: float, loss_s: tuple[float, float] | None = None) -> str:
    """A scenario in which the same happens to all units."""
    events = "".join(STRIKE.format(unit.vehicle, strike_s) for unit in units)
    if loss_s:
        events += "".join(LOSS.format(unit.vehicle, *loss_s) for unit in units)
    return SCENARIO + "".join(VEHICLE.format(unit.vehicle) for unit in units) + events


@pytest.fixture
def make_chain(
    request: pytest.FixtureRequest, tmp_path: Path, mosquitto: str, run_panewatch: Callable
) -> Iterator[Callable[..., Chain]]:
    """`make_chain(SZ20, …, **story)`: the ground runs, the units have been heard."""
    made: list[Chain] = []
    ways = {
        SZ20: ("cpython", mosquitto), SZ21: ("micropython", "pty"), TIANGONG: ("cpython", "pty"),
        SZ22: ("micropython", mosquitto),
    }  # fmt: skip

    def make(*units: UnitKey, **story: object) -> Chain:
        scenario = tmp_path / "lossy.toml"
        scenario.write_text(told_of(*units, **story))
        chain = Chain(tmp_path, scenario, {unit: ways[unit] for unit in units}, run_panewatch)
        made.append(chain)
        request.node.stash[LOGS] += [unit.log for unit in chain.units]
        chain.start_ground()
        chain.start_units()
        until(lambda: all(chain.archived().values()))
        return chain

    yield make
    for chain in made:
        chain.close()


def kill(program: Program) -> None:
    program.send(signal.SIGKILL)
    assert program.wait() == -signal.SIGKILL


def is_whole(chain: Chain, boot: int) -> bool:
    """True when the ground hears this boot of each unit and misses nothing of any."""
    return all(
        (unit["state"], unit["boot_id"], unit["missing"]) == ("live", boot, 0)
        for unit in chain.get("units")
    )


def end_first_boot(chain: Chain) -> None:
    """End the units and start them again: their first boot is over, and all of it must come."""
    until(lambda: is_whole(chain, boot=1))
    for unit in chain.units:
        unit.end()
    chain.start_units()
    until(lambda: is_whole(chain, boot=2) and chain.is_complete(boot=1))
    assert [unit["lost"] for unit in chain.get("units")] == [0] * len(chain.units)


def compare(chain: Chain) -> None:
    """End the ground, then compare what the units made with what it has."""
    chain.ground.send(signal.SIGTERM)
    assert chain.ground.wait() == 0
    assert "Traceback" not in chain.ground.output
    archived = chain.archived()
    for unit in chain.units:
        unit.end()
        assert "Traceback" not in unit.log.read_text()
        made = unit.made()
        first_boot = {key: packet for key, packet in made.items() if key[0] == 1}
        assert {key: p for key, p in archived[unit.unit].items() if key[0] == 1} == first_boot
        assert archived[unit.unit].items() <= made.items(), "what nobody made"


def test_a_ground_killed_twice(make_chain):
    chain = make_chain(SZ20, SZ21, SZ22, TIANGONG, strike_s=30)
    kill(chain.ground)
    before = chain.archived()
    chain.make_more(30)
    chain.start_ground()
    until(lambda: all(len(new) > len(before[unit]) for unit, new in chain.archived().items()))
    kill(chain.ground)  # in the midst of asking for what it has missed
    chain.make_more(10)
    chain.start_ground()
    until(lambda: all(unit.of_type("hit") for unit in chain.units))
    end_first_boot(chain)
    compare(chain)


def test_a_killed_broker(make_chain, brokers, start_mosquitto):
    chain = make_chain(SZ20, SZ22, strike_s=30)
    kill(brokers[0])
    chain.make_more(30)
    start_mosquitto()
    end_first_boot(chain)
    compare(chain)


def test_a_link_loss(make_chain):
    chain = make_chain(SZ20, SZ21, strike_s=50, loss_s=(20, 70))
    until(lambda: all(u["state"] == "silent" for u in chain.get("units")))
    until(lambda: len(chain.get("impacts")) == 2)
    assert all(impact["late"] for impact in chain.get("impacts"))
    end_first_boot(chain)
    compare(chain)


def unsigned(packet: bytes) -> bytes:
    """A command without its security trailer."""
    body = bytearray(packet[: -tc.TRAILER_SIZE - 2])
    body[4:6] = (len(body) + 2 - 7).to_bytes(2, "big")
    return bytes(body) + packet_check(bytes(body)).to_bytes(2, "big")


def refused(unit: LiveUnit, boot: int) -> list[tuple[int, int]]:
    """(counter, failure) of each command that it has refused in a boot."""
    return sorted(
        (packet.raw["tc_counter"], packet.raw["failure"])
        for packet in unit.of_type("refused")
        if packet.boot_id == boot
    )


def first_command(unit: LiveUnit, index: int) -> bytes | None:
    """The first of this type that the ground has sent it."""
    kind = (tables.TC_SERVICE[index], tables.TC_SUBTYPE[index])
    return next((packet for packet in unit.taken() if (packet[7], packet[8]) == kind), None)


def counter(command: bytes) -> int:
    """The security counter that it carries."""
    return int.from_bytes(command[-tc.TRAILER_SIZE - 2 :][:4], "big")


def told(chain: Chain) -> dict[str, str]:
    """By vehicle, what the ground's alarm of refused commands says."""
    return {
        alarm["vehicle"]: alarm["what"]
        for alarm in chain.get("alarms")
        if "refused a command" in alarm["what"]
    }


def test_commands_of_an_intruder(make_chain):
    chain = make_chain(SZ20, SZ21, TIANGONG, strike_s=5, loss_s=(10, 10))
    kinds = (tables.TC_COMMIT, tables.TC_RETRIEVE)
    until(lambda: all(first_command(unit, kind) for unit in chain.units for kind in kinds))
    heard = {unit.unit: [first_command(unit, kind) for kind in kinds] for unit in chain.units}
    kill(chain.ground)  # what is made from here on is on board alone
    chain.make_more(10)
    for unit in chain.units:
        newest = max(record for _, record in unit.made())
        for kind, values in zip(kinds, ((1, newest + 1, bytes(32)), (1, 0, newest)), strict=True):
            forged = tc.build(kind, unit.apid, 0, FORGED_COUNTER, bytes(32), values)
            unit.intrude(forged)
            unit.intrude(unsigned(forged))
    until(lambda: all(refused(unit, boot=1) == REFUSED for unit in chain.units))
    chain.start_ground()
    until(lambda: len(told(chain)) == 3)
    end_first_boot(chain)
    for unit in chain.units:
        for packet in heard[unit.unit]:
            unit.intrude(packet)
    replays = {
        unit.unit: {(counter(p), tc.FAIL_REPLAY) for p in heard[unit.unit]} for unit in chain.units
    }
    until(lambda: all(replays[unit.unit] <= {*refused(unit, boot=2)} for unit in chain.units))
    until(lambda: all("replay" in what for what in told(chain).values()))
    compare(chain)
