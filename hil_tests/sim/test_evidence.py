"""Evidence of every kind of alarm: written, run again, and the alarm is reached identically."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ground.acts import limits_entry
from ground.alarms.book import AlarmRefusedError
from ground.api.app import create_app
from ground.api.server import serve
from ground.api.source import Refused
from ground.archive.archive import Archive
from ground.client import Client
from ground.evidence.bundle import read, write
from ground.evidence.course import WHEN
from ground.evidence.errors import NoSuchAlarmError
from ground.evidence.fields import alarm_fields, differences
from ground.evidence.gather import gather
from ground.evidence.rerun import reach
from ground.evidence.verify import verify
from ground.fleet import Fleet
from ground.model import Inspection
from ground.monitor.limit_set import LimitSet
from ground.operations import Operations
from ground.service import Service
from ground.software import software
from ground.station import Station
from ground.verdict.assessor import Assessor
from hil_tests.sim.evidence_bench import SZ20, SZ21, S, Story
from hil_tests.sim.fake_unit import FakeUnit
from hil_tests.sim.test_station_assessed import AssessedBench
from hil_tests.unit.bad_input import WRONG, wrong_archive
from hil_tests.unit.orbit import T0_US
from hil_tests.unit.test_history import made_old
from protocol.schema.dictionary import as_json
from tools.cli.main import main


@pytest.fixture
def story(tmp_path: Path) -> Iterator[Story]:
    made = Story(tmp_path / "archive.sqlite")
    yield made
    made.close()


def held(story: Story, start: str, when: str = "now"):
    """Take evidence, verify it, and hold that it is of the alarm that the station has."""
    alarm = story.alarm(start)
    data = story.bundle(alarm, when)
    verdict = verify(data)
    assert verdict.identical, (verdict.problems, verdict.differences)
    if when == "now":
        assert verdict.alarm == alarm_fields(alarm)
    return read(data).case


def test_a_strike(story: Story) -> None:
    story.seconds(10)
    story.hear(story.strike())
    story.seconds(3)
    case = held(story, "impact:")
    assert {p.unit for p in case.packets()} == {SZ20}
    (shown,) = case.alarm["evidence"]
    packets = {(*p.unit, p.boot, p.record): p for p in case.packets()}
    assert tuple(shown) in packets
    assert case.packets()[-1].record == shown[-1], "nothing after the alarm"
    assert story.bundle(story.alarm("impact:")) == write(case), "the same bytes every time"
    assert case.raised_with == case.software == software()


def test_a_leak_and_what_people_did(story: Story) -> None:
    story.seconds(40)
    story.hear(story.units[SZ21].hit(T0_US + story.now * S, (0, 0), 0.5))  # an alarm before it
    story.seconds(40, leaking=True)
    leak, other = story.alarm("leak:"), story.alarm("impact:sz21")
    assert other.id < leak.id
    story.station.act("note", "ana", {"alarm": other.id, "note": "another vehicle"})
    story.station.acknowledge(leak.id, "ana", "seen")
    story.station.shelve(leak.id, "ben", "crew looks", T0_US + (story.now + 60) * S)
    story.seconds(5, leaking=True)
    case = held(story, "leak:")
    assert [n["author"] for n in case.alarm["notes"]] == ["ana", "ben"]
    assert case.alarm["state"] == "shelved"
    assert "another vehicle" not in write(case).decode("latin-1")


def test_as_it_rose_and_as_it_is(story: Story) -> None:
    story.seconds(40)
    story.seconds(30, leaking=True)
    story.station.acknowledge(story.alarm("leak:").id, "ana", "seen")
    rose, now = held(story, "leak:", "raised"), held(story, "leak:")
    assert rose.alarm["raised_us"] == now.alarm["raised_us"] == rose.end_us
    assert [c.alarm["state"] for c in (rose, now)] == ["unacknowledged", "acknowledged"]
    assert len(rose.items) < len(now.items)


def test_a_strike_becomes_a_breach_by_late_evidence(story: Story) -> None:
    story.seconds(40)
    kept = story.strike()
    story.seconds(40, leaking=True)
    assert story.alarm("leak:").active
    story.hear(kept)
    story.seconds(2, leaking=True)
    case = held(story, "breach:")
    assert case.alarm["late"] is True
    assert "LATE" in case.alarm["what"].upper()
    assert len(case.alarm["evidence"]) > 1


def test_silence(story: Story) -> None:
    story.seconds(10)
    story.seconds(10, silent=[SZ21])
    case = held(story, "silence:sz21")
    assert "last good packet 00:00:09" in case.alarm["what"]
    assert {p.unit for p in case.packets()} == {SZ21}
    story.seconds(3)  # heard again: what became of the alarm is evidence too
    assert held(story, "silence:sz21").alarm["active"] is False


def test_a_limit_alarm_under_changed_limits(story: Story) -> None:
    story.seconds(5, gap2_pa=100_500.0)
    before = story.station.assessor.limits
    changes = LimitSet.from_dict({"p_gap2": {"any": {"low": {"warning": 100_900.0}}}})
    story.station.act("limits", "ana", limits_entry("tighter", before.changed(changes)))
    story.station.act("context", "ana", {"vehicle": "sz20", "context": "reentry"})
    story.seconds(5, gap2_pa=100_500.0)
    case = held(story, "limit:sz20/w1:p_gap2")
    assert case.about["limits_version"] == story.station.assessor.limits.version
    assert case.about["limits_version"] != before.version
    case.items = [i for i in case.items if getattr(getattr(i, "row", None), "kind", "") != "limits"]
    assert reach(case) is None, "without the change there is no alarm"


def test_a_return_status_rests_on_an_inspection(story: Story) -> None:
    story.seconds(5)
    seen = Inspection(SZ20, story.station.now_us, "ana", "outer", "crack", 10.0)
    story.station.inspect(seen)
    story.seconds(3)
    assert "must carry no crew" in held(story, "status:sz20").alarm["what"]


def test_an_alarm_of_the_station_itself(story: Story) -> None:
    story.seconds(3)
    story.station.notice("link:line-a", "line-a: cable out")
    story.seconds(3)
    assert held(story, "link:line-a").alarm["vehicle"] == ""


def test_of_a_long_archive_only_what_it_takes(story: Story) -> None:
    changes = LimitSet.from_dict({"p_gap2": {"any": {"low": {"warning": 80_000.0}}}})
    story.station.act("limits", "ana", limits_entry("first", changes))
    story.station.act("context", "ana", {"vehicle": "sz20", "context": "docked"})
    story.seconds(1010)
    story.hear(story.strike())
    story.seconds(2)
    case = held(story, "impact:")
    assert 850 < len(case.packets()) < 950, "a quarter of an hour of one unit"
    assert case.limits == changes
    assert case.contexts == {"sz20": "docked"}
    assert [p.record for p in case.packets()[:2]] == [0, 111], "what the unit is, then the part"
    assert 5 < len(case.raw) - len(case.packets()) < 15, "a frame may begin before its last byte"


def test_an_alarm_that_is_not_there(story: Story) -> None:
    story.seconds(2)
    with (
        closing(Archive(story.path, write=False)) as archive,
        pytest.raises(NoSuchAlarmError, match="no alarm 7"),
    ):
        gather(archive, 7)
    with pytest.raises(AlarmRefusedError):
        story.station.acknowledge(7, "ana", "")


def test_an_archive_of_an_older_schema(story: Story, tmp_path: Path) -> None:
    """Its packets are decoded by the dictionary that goes with them, also in the bundle."""
    story.seconds(5)
    story.hear(story.strike())
    story.seconds(2)
    alarm = story.alarm("impact:")
    story.close()
    with sqlite3.connect(story.path) as db:
        db.execute("UPDATE block SET schema = 77")
        db.execute("INSERT INTO dictionary VALUES (77, ?)", (json.dumps(as_json()),))
    with closing(Archive(story.path, write=False)) as archive:
        case = gather(archive, alarm.id)
    assert 77 in case.dictionaries
    verdict = verify(write(case))
    assert verdict.identical
    assert any("schema 0000004d" in note for note in verdict.notes)
    case.dictionaries.pop(77)
    assert not verify(write(case)).identical, "no other dictionary takes its place"
    story.station.archive = Archive()


def test_an_archive_of_the_format_before_blocks(story: Story, tmp_path: Path) -> None:
    story.seconds(5)
    story.hear(story.strike())
    story.seconds(2)
    alarm, old = story.alarm("impact:"), tmp_path / "old.sqlite"
    story.close()  # its write-ahead log goes into the file that is copied
    made_old(story.path, old)
    before = old.read_bytes()
    with closing(Archive(old, write=False)) as archive:
        verdict = verify(write(gather(archive, alarm.id)))
    assert verdict.identical
    assert verdict.alarm == alarm_fields(alarm)
    assert old.read_bytes() == before, "evidence changes no archive"


def test_every_alarm_of_units_that_know_no_date(tmp_path: Path) -> None:
    """Time by correlation, losses and refill, a reboot, a restart of the ground, late packets."""
    units = [FakeUnit(), FakeUnit(vehicle="sz21", apid=2, key=b"k" * 32)]
    bench = AssessedBench(tmp_path, units)
    bench.seconds(8)
    bench.deliver(units[0], [units[0].hit()])
    bench.seconds(2)
    (struck,) = bench.open_alarms("impact:")
    bench.station.acknowledge(struck.id, "ada", "seen")
    bench.station.inspect(Inspection(SZ20, T0_US + bench.now, "ada", "outer", "crack", 10.0))
    bench.up = False
    units[1].now = bench.now
    units[1].hit()
    bench.seconds(12)
    bench.kill()
    bench.open()
    bench.up = True
    units[0].reboot()
    bench.seconds(15)
    alarms = list(bench.station.assessor.alarms)
    assert {a.key.partition(":")[0] for a in alarms} >= {"impact", "status", "silence"}
    assert any(a.late for a in alarms)
    bench.kill()
    with closing(Archive(bench.path, write=False)) as archive:
        for alarm in alarms:
            for when in WHEN:
                verdict = verify(write(gather(archive, alarm.id, when)))
                assert verdict.identical, (alarm.key, verdict.problems, verdict.differences)
                assert when == "raised" or verdict.alarm == alarm_fields(alarm)


def test_it_is_what_the_command_line_says(story: Story, tmp_path: Path, capsys) -> None:
    story.seconds(5)
    story.hear(story.strike())
    story.seconds(2)
    alarm, out = story.alarm("impact:"), tmp_path / "e.zip"
    taken = ["evidence", str(alarm.id), "--archive", str(story.path), "--out", str(out)]
    assert main([*taken, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["alarm"]["what"] == alarm.what
    assert main(["evidence", "verify", str(out)]) == 0
    assert capsys.readouterr().out.startswith(f"identical: sha256 {told['sha256']}")
    assert main(["evidence", "verify", "--json", str(out)]) == 0
    assert json.loads(capsys.readouterr().out)["identical"] is True
    assert main(taken) == 2, "evidence is not overwritten"
    assert "not overwritten" in capsys.readouterr().err
    case = read(out.read_bytes()).case
    case.alarm["what"] = "something else"
    out.write_bytes(write(case))
    assert main(["evidence", "verify", str(out)]) == 1
    said = capsys.readouterr().out
    assert "differs: what" in said
    assert "something else" in said
    assert alarm.what[:20] in said
    for wrong in (["99"], ["x"], ["verify"], ["1", "file"]):
        given = ["evidence", *wrong, "--archive", str(story.path), "--out", str(tmp_path / "n")]
        assert main(given) == 2
        assert capsys.readouterr().err.count("\n") == 1
    (tmp_path / "none").write_text("hello")
    assert main(["evidence", "verify", str(tmp_path / "none")]) == 2
    assert main(["evidence", "verify", str(tmp_path / "absent")]) == 2


def test_differences_name_the_field() -> None:
    assert differences({"a": 1, "b": 2}, {"a": 1, "b": 3, "c": 4}) == [("b", 2, 3), ("c", None, 4)]


async def test_a_running_station_gives_it(story: Story, tmp_path: Path, capsys) -> None:
    """Over HTTP, by the command line, from the archive that the station goes on writing."""
    story.seconds(5)
    story.hear(story.strike())
    story.seconds(2)
    alarm, out = story.alarm("impact:"), tmp_path / "e.zip"
    service = Service(story.station, [], lambda: T0_US + story.now * S)
    async with serve(create_app(Operations(service), "t")) as url:
        asked = ["evidence", str(alarm.id), "--station", url, "--token", "t", "--out", str(out)]
        assert await asyncio.to_thread(main, asked) == 0
        assert out.read_bytes() == story.bundle(alarm)
        asked = ["evidence", "99", "--station", url, "--token", "t", "--out", str(out) + "2"]
        assert await asyncio.to_thread(main, asked) == 2
        assert "There is no alarm 99." in capsys.readouterr().err
        client = Client(url, "t")
        both = await asyncio.gather(  # the second waits for its turn
            asyncio.to_thread(client.evidence, alarm.id, "raised"),
            asyncio.to_thread(client.evidence, alarm.id),
        )
        assert both[1] == out.read_bytes()
        assert read(both[0]).damage == []


async def test_a_station_without_an_archive_says_where_evidence_is() -> None:
    service = Service(Station(Archive(), Fleet(), Assessor), [], lambda: T0_US)
    with pytest.raises(Refused, match="--archive"):
        await Operations(service).evidence(1, "now")


@pytest.mark.parametrize("statement", [*WRONG.values()], ids=[*WRONG])
def test_an_archive_that_contradicts_itself_is_a_line(tmp_path: Path, capsys, statement) -> None:
    wrong_archive(statement)(tmp_path)
    (path,) = tmp_path.glob("*.sqlite")
    out = tmp_path / "e.zip"
    assert main(["evidence", "1", "--archive", str(path), "--out", str(out)]) == 2
    said = capsys.readouterr().err
    assert "rows contradict each other" in said
    assert said.count("\n") == 1
    assert not out.exists()
