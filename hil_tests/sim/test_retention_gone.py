"""Whoever asks for a history is told what retention has dropped of it."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ground.api.app import create_app
from ground.archive.history import history
from ground.operations import Operations
from ground.retention import evidence
from ground.retention.gone import dropped_times, runs
from ground.retention.keeper import Policy
from ground.service import Service
from hil_tests.sim.fake_unit import FakeUnit
from hil_tests.sim.ground_bench import T0, S
from hil_tests.sim.test_retention import KeptBench, deliver_hit
from hil_tests.sim.test_station_assessed import SZ20
from protocol.schema.timescale import iso

PORT = 8420


class MinuteBench(KeptBench):
    """Drops what is older than a minute."""

    policy = Policy(60 * S)


@pytest.fixture(autouse=True)
def near(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "AROUND_US", 3 * S)


async def asked(bench: KeptBench, start_us: int, end_us: int, unit: str = "sz20/w1") -> Any:
    operations = Operations(Service(bench.station, [], lambda: T0 + bench.now))
    transport = httpx.ASGITransport(create_app(operations, port=PORT))
    async with httpx.AsyncClient(
        transport=transport, base_url=f"http://127.0.0.1:{PORT}"
    ) as client:
        answer = await client.get(
            f"/api/history/{unit}/p_gap2", params={"start": start_us / 1e3, "end": end_us / 1e3}
        )
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_history_tells_what_was_dropped_and_what_evidence_is_left(tmp_path: Path) -> None:
    bench = MinuteBench(tmp_path, [FakeUnit(), FakeUnit(vehicle="sz21", apid=2, key=b"k" * 32)])
    unit = bench.units[0]
    for k in range(70):  # values that change, so that no sensor is stuck, which would be evidence
        for one in bench.units:
            one.now = bench.now
            bench.deliver(one, [one.housekeeping(100_500 + 10 * k)])
        if k == 20:
            bench.deliver(unit, [unit.hit()])
            hit_us = T0 + bench.now
        bench.second()
    bench.seconds(80)
    assert "retention" in bench.kinds()
    archive, end_us = bench.station.archive, T0 + bench.now
    spans = dropped_times(archive, SZ20, 0, end_us)
    assert len(spans) == 2  # before and after what the strike rests on
    (first, last), (again, until) = spans
    assert first < T0 + 5 * S and last < hit_us < again < until < end_us - 40 * S
    times = [t for t, _ in history(archive, SZ20, "p_gap2", 0, 2**62)]
    assert not [t for t in times if any(a <= t <= b for a, b in spans)]
    assert [t for t in times if last < t < again] and [t for t in times if t > until]
    told = await asked(bench, 0, end_us)
    assert told["dropped_by_retention"] == [{"from": iso(a), "to": iso(b)} for a, b in spans]
    assert len(told["points"]) == len(times)
    inside = await asked(bench, last - 2 * S, last)
    assert inside["points"] == []
    assert inside["dropped_by_retention"] == [{"from": iso(last - 2 * S), "to": iso(last)}]
    late = await asked(bench, until + S, end_us)
    assert late["points"] and late["dropped_by_retention"] == []
    bench.restart()
    assert dropped_times(bench.station.archive, SZ20, 0, end_us) == spans
    bench.kill()


async def test_an_archive_that_an_earlier_version_pruned_tells_its_end(tmp_path: Path) -> None:
    bench = MinuteBench(tmp_path, [FakeUnit()])
    bench.seconds(4)
    deliver_hit(bench)
    bench.seconds(90)
    archive = bench.station.archive
    until_us = json.loads(archive.meta("retention") or "")["until_us"]
    for change in (
        "DELETE FROM meta WHERE key = 'dropped'",
        "INSERT INTO meta VALUES ('dropped', '[[1')",  # edited: no reason to answer nothing
    ):
        archive.maintain(change)
        assert dropped_times(archive, SZ20, 0, 2**62) == [(0, until_us)]
    bench.seconds(30)
    (span,) = dropped_times(archive, SZ20, 0, T0)
    assert span == (0, T0) and dropped_times(archive, SZ20, 0, 2**62)[-1][1] > until_us
    bench.kill()


async def test_nothing_dropped_is_told_as_nothing(tmp_path: Path) -> None:
    bench = KeptBench(tmp_path, [FakeUnit()])
    bench.seconds(3)
    told = await asked(bench, 0, T0 + bench.now)
    assert told["points"] and told["dropped_by_retention"] == []
    bench.kill()


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 6), st.booleans()), max_size=12))
def test_spans_are_in_order_and_hold_all_that_goes(given: list[tuple[int, int, bool]]) -> None:
    blocks = [((start, start + long), goes) for start, long, goes in given]
    made = runs(blocks)
    assert all(a[1] < b[0] for a, b in pairwise(made))
    for (first, last), goes in blocks:
        if goes:
            assert any(a <= first and last <= b for a, b in made)
    edges = {t for span, goes in blocks if goes for t in span}
    assert {t for span in made for t in span} <= edges
    for a, b in pairwise(made):  # never cut without a reason
        assert any(not goes and a[0] <= span[0] <= b[0] for span, goes in blocks)
