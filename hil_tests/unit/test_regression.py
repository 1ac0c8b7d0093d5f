"""A recording becomes a test by one command, and its failure names the packet and the field."""

from __future__ import annotations

import json
import lzma
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tools.cli.main import main
from tools.regression.differ import Shown, packet_differences, report_differences
from tools.regression.recording import PACKETS, REPORT, SCENARIO, Recording

PACKET = Shown("sz20/w1", 1, 34, "housekeeping", {"time_us": 5, "p_gap2": 1_000, "heap_free": 7})
STORY = """
name = "short"
seed = 4
duration_s = 20
epoch = "2026-02-01T00:00:00Z"
[[vehicle]]
id = "sz20"
role = "return"
[[vehicle.window]]
id = "w1"
"""


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the command keeps recordings now; the folder `made` beside it is a simulation."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    monkeypatch.setattr("tools.cli.regression.RECORDINGS", folder)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "short.toml").write_text(STORY)
    assert main(["sim", "short.toml", "--out", "made"]) == 0
    return folder


def test_each_difference_names_packet_and_field() -> None:
    lost, found = replace(PACKET, record=35), replace(PACKET, record=36)
    now = replace(PACKET, values=PACKET.values | {"p_gap2": 1_001, "added": 1})
    assert list(packet_differences([PACKET, lost], [now, found])) == [
        "sz20/w1, boot 1, record 34, housekeeping: p_gap2 is 1001, was 1000",
        "sz20/w1, boot 1, record 35, housekeeping: is missing",
        "sz20/w1, boot 1, record 36, housekeeping: is new",
    ]
    other = replace(PACKET, name="hit")
    assert list(packet_differences([PACKET], [other])) == [f"{PACKET.words}: is hit"]
    platform = replace(PACKET, values=PACKET.values | {"heap_free": 9})
    assert len(list(packet_differences([PACKET], [platform]))) == 1
    assert not list(packet_differences([PACKET], [platform], other_build=True))


def test_a_report_is_compared_place_by_place() -> None:
    was = {"alarms": [{"severity": "critical"}], "impacts": [], "vehicles": [{"status": "RED"}]}
    now = {"alarms": [{"severity": "warning"}], "impacts": [1], "vehicles": [{"status": "RED"}]}
    assert list(report_differences(was, now)) == [
        "report.alarms[0].severity is 'warning', was 'critical'",
        "report.impacts is [1], was []",
    ]
    assert not list(report_differences(was, was | {"new": 1}))


@pytest.mark.parametrize(
    "arguments",
    [["made"], ["made/archive.sqlite"], ["made/telemetry.bin", "--fleet", "short.toml"]],
)
def test_every_kind_of_recording(
    kept: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert main(["regression", *arguments, "--name", "short"]) == 0
    assert "pytest hil_tests/sim/test_recordings.py -k short" in capsys.readouterr().out
    recording = Recording(kept / "short")
    assert recording.again() == []
    assert recording.has_scenario == (arguments == ["made"])
    if recording.has_scenario:
        assert recording.firmware_again() == []


def test_a_failure_names_what_is_otherwise(kept: Path) -> None:
    assert main(["regression", "made", "--name", "short"]) == 0
    recording = Recording(kept / "short")
    path = kept / "short" / PACKETS
    packets = [json.loads(line) for line in lzma.decompress(path.read_bytes()).splitlines()]
    packet = next(p for p in packets if p[3] == "housekeeping")
    packet[4]["p_cabin"] += 1
    with lzma.open(path, "wt") as file:
        file.writelines(json.dumps(p) + "\n" for p in packets)
    report = kept / "short" / REPORT
    report.write_text(report.read_text().replace('"GREEN"', '"AMBER"', 1))
    first, second = recording.again()
    value = packet[4]["p_cabin"]
    words = (
        f"sz20/w1, boot 1, record {packet[2]}, housekeeping: p_cabin is {value - 1}, was {value}"
    )
    assert first == words
    assert second == "report.vehicles[0].status is 'GREEN', was 'AMBER'"
    assert recording.firmware_again() == [words]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["made", "--name", "Not This"], "use small letters, digits, - and _"),
        (["none.bin", "--name", "a"], "none.bin: cannot be read"),
        (["short.toml", "--name", "a"], "short.toml: holds no telemetry packets"),
        (["cut.bin", "--name", "a"], "cut.bin: is damaged after"),
        (["made", "--name", "there"], "exists; give --replace or another name"),
        (["other", "--name", "a"], "the firmware makes other telemetry of scenario.toml now (sz20"),
    ],
)
def test_wrong_input(
    kept: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    (kept / "there").mkdir()
    Path("cut.bin").write_bytes(Path("made/telemetry.bin").read_bytes()[:-3])
    shutil.copytree("made", "other")
    Path("other", SCENARIO).write_text(STORY.replace("seed = 4", "seed = 5"))
    assert main(["regression", *arguments]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert said.startswith("panewatch: ")
    assert len(said.splitlines()) == 1
    assert list(kept.iterdir()) == [kept / "there"], "nothing is left of it"


def test_replace_takes_what_is_now_as_right(kept: Path) -> None:
    assert main(["regression", "made", "--name", "short"]) == 0
    (kept / "short" / REPORT).write_text("{}")
    assert main(["regression", "made/archive.sqlite", "--name", "short", "--replace"]) == 0
    assert json.loads((kept / "short" / REPORT).read_text())["packets"] > 20
    assert not (kept / "short" / SCENARIO).exists()
