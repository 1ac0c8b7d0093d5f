"""What a bench does to any unit under test: power, reset, the lock of its port, its pace."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hil_tests.support.peer import WITHIN_S, Peer
from hil_tests.support.uut.base import Uut
from hil_tests.support.uut.pace import ENOUGH_US
from hil_tests.support.uut.port import HostPort, PortInUseError


def test_without_power_it_boots_again_and_keeps_its_store(
    unit: Peer, uut: Uut, or_skip: Callable
) -> None:
    before = unit.wait_for("housekeeping").boot_id
    or_skip(uut.power_cut)
    uut.power_on()
    boot = unit.wait_for("boot", lambda p: p.boot_id != before, uut.hello_s)
    assert boot.boot_id == before + 1
    storage = unit.wait_for("storage").raw
    assert before in [storage[f"boot{i}_id"] for i in range(storage["kept_boots"])]


def test_a_reset_is_a_new_boot(unit: Peer, uut: Uut) -> None:
    before = unit.wait_for("housekeeping").boot_id
    uut.reset(unit)
    assert unit.wait_for("boot", lambda p: p.boot_id != before, uut.hello_s).record == 0


def test_nobody_else_can_take_its_port(unit: Peer, uut: Uut) -> None:
    with pytest.raises(PortInUseError, match="in use"):
        HostPort(uut.url)
    unit.wait_for("housekeeping")


def test_its_pace_is_measured(unit: Peer) -> None:
    first = unit.wait_for("housekeeping").time_us
    unit.wait_for("housekeeping", lambda p: p.time_us >= first + ENOUGH_US)
    assert unit.pace.measured is not None
    assert unit.pace.scale >= 1
    assert unit.wait_for("time", within_s=WITHIN_S)
