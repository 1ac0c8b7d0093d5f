"""Faults between any units under test and a real ground station; for each, what must hold."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hil_tests.faults.kinds import FOREVER, FRAME_FAULTS
from hil_tests.hil.rig import Rig
from protocol.wire import events, tables

MADE = 60
"""Packets that each unit sends while its line is bad."""
UNFLUSHED = 48
"""Records that a unit may hold in memory: 30 s of housekeeping and its reports."""
AWAY_S = 1.5
"""How far the ground's time of a packet may be from when it came, on a busy computer."""
RATE_KNOWN_S = 12.0
"""When the ground has heard a boot for so long it has fitted the rate of its clock."""
FOREIGN = tables.SCHEMA_HASH ^ 0x5A5A5A5A


@pytest.mark.parametrize("fault", FRAME_FAULTS.values(), ids=FRAME_FAULTS)
def test_frames_arrive_exactly_once(lines: Rig, fault: dict[str, float]) -> None:
    """Nothing is missing in the end, nothing is there twice, nothing is there that nobody sent."""
    starts = [len(bench.wire.given) for bench in lines.benches]
    harmed = [bench.wire.down.harmed for bench in lines.benches]
    lines.harm(**fault)
    lines.make_more(MADE)
    for bench, before in zip(lines.benches, harmed, strict=True):
        assert bench.wire.down.harmed > before
    lines.settle()
    assert lines.risen("schema:") == lines.risen("silence:") == []
    for bench, start in zip(lines.benches, starts, strict=True):
        given = bytes(bench.wire.given[start:])
        lines.until(lambda bench=bench, given=given: given in lines.raw(bench))


def test_a_disconnected_line_is_silence_until_all_has_come(lines: Rig) -> None:
    for bench in lines.benches:
        bench.wire.unplug()
    lines.until(lambda: all(lines.risen(f"silence:{bench.unit}") for bench in lines.benches))
    for bench in lines.benches:
        assert lines.state(bench)["state"] == "silent"
        assert lines.status(bench)["unknown_since"] is not None
    lines.settle()
    lines.until(lambda: not any(lines.status(b)["unknown_since"] for b in lines.benches))
    assert not [a for a in lines.get("alarms") if a["active"] and a["what"].startswith("silent")]


def test_half_open_up(lines: Rig) -> None:
    """Units are heard and cannot be reached: nothing is refilled, and nobody calls it silence."""
    for bench in lines.benches:
        bench.wire.up.dead_us = FOREVER
        bench.wire.down.drop = 0.3
    lines.make_more(MADE)
    for bench in lines.benches:
        state = lines.state(bench)
        assert state["state"] == "live"
        assert state["missing"] > 0
    assert lines.risen("silence:") == []
    lines.settle()


def test_half_open_down(lines: Rig) -> None:
    """Units are reached and not heard: that is silence."""
    for bench in lines.benches:
        bench.wire.down.dead_us = FOREVER
    lines.until(lambda: all(lines.risen(f"silence:{bench.unit}") for bench in lines.benches))
    lines.settle()


def test_a_brown_out_loses_only_what_was_in_memory(lines: Rig, or_skip: Callable) -> None:
    boots = [bench.boot for bench in lines.benches]
    for bench in lines.benches:
        bench.wire.down.dead_us = FOREVER
    lines.make_more(MADE)
    for bench, boot in zip(lines.benches, boots, strict=True):
        or_skip(bench.uut.power_cut)
        bench.uut.power_on()
        lines.until(lambda bench=bench, boot=boot: bench.boot != boot, bench.uut.hello_s)
    lines.heal()
    for bench, boot in zip(lines.benches, boots, strict=True):
        newest = max(bench.wire.sent)
        lines.until(lambda b=bench, key=newest: key in lines.archived(b) and lines.is_whole(b))
        archived = lines.archived(bench)
        kept = sorted(record for known, record in archived if known == boot)
        assert kept == list(range(kept[0], kept[-1] + 1)), "only a tail may be gone"
        bench.lost |= {k for k in bench.wire.sent if k[0] == boot and k[1] > kept[-1]}
        assert len(bench.lost) <= UNFLUSHED
    lines.settle()


def test_a_clock_that_jumps(lines: Rig) -> None:
    """The ground's time of each packet stays right, nothing is lost, no alarm rises."""
    for bench in lines.benches:  # before, nobody can tell a jump from a clock of another rate
        lines.until(lambda bench=bench: lines.heard_s(bench) > RATE_KNOWN_S)
    for by_s in (3600, -1800):
        said = [len(bench.said("completed")) for bench in lines.benches]
        for bench, before in zip(lines.benches, said, strict=True):
            bench.wire.command(tables.TC_STIMULATE_CLOCK_JUMP, (by_s * 1000,))
            lines.until(lambda bench=bench, n=before: len(bench.said("completed")) > n)
        lines.make_more(MADE)
        for bench in lines.benches:
            assert lines.time_error_s(bench) < AWAY_S
            lines.until(lambda bench=bench: lines.state(bench)["correlation"]["accuracy_s"])
            assert lines.state(bench)["correlation"]["accuracy_s"] < AWAY_S
    lines.settle()
    assert lines.risen("") == []


def test_another_schema_is_told_by_its_hash_and_nothing_is_taken(lines: Rig) -> None:
    for bench in lines.benches:
        bench.wire.foreign = FOREIGN
    lines.until(lambda: len(lines.risen("schema:")) == len(lines.benches))
    assert all(f"{FOREIGN:08x}" in words for words in lines.risen("schema:"))
    taken = [len(lines.archived(bench)) for bench in lines.benches]
    lines.make_more(MADE // 2)
    assert [len(lines.archived(bench)) for bench in lines.benches] == taken
    lines.settle()


@pytest.mark.parametrize("task", [0, 1, 2], ids=["sampling", "link", "health"])
def test_a_hung_task_is_told_and_started_again(lines: Rig, task: int) -> None:
    """The unit goes on in the same boot, its event says which task it was, and nothing is lost."""
    boots = [bench.boot for bench in lines.benches]
    for bench in lines.benches:
        bench.wire.command(tables.TC_STIMULATE_HANG, (task, 0, 0))
    for bench in lines.benches:
        for event in (events.TASK_HUNG, events.TASK_RESTARTED):
            lines.until(lambda bench=bench, event=event: bench.events(event))
        assert len({p.raw["text"] for p in bench.events(events.TASK_HUNG)}) == 1
    lines.make_more(MADE)
    lines.settle()
    assert [bench.boot for bench in lines.benches] == boots
