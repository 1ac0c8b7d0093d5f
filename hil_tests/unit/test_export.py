"""Export: what stands in the files is what the archive holds, in units, without secrets."""

from __future__ import annotations

import csv
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from ground.archive.archive import Archive
from ground.archive.history import history
from ground.export import telemetry, writing
from ground.export.records import HIDDEN, audit, without_secrets
from ground.export.sheet import Column, Sheet
from ground.export.telemetry import Range
from ground.export.writing import write_csv
from ground.model import Packet, UnitKey
from hil_tests.sim.fake_unit import FakeUnit
from protocol.schema.decode import decode
from protocol.schema.timescale import iso
from tools.cli.main import main

T0 = 1_762_214_400_000_000
S = 1_000_000
W1, W2 = UnitKey("sz20", "w1"), UnitKey("sz20", "w2")


def fill(path: Path, packets: int = 300) -> Archive:
    """Two units over an hour's edge, one packet late, with events and a journal; left open."""
    archive = Archive(path)
    unit = FakeUnit()
    for k in range(packets):
        onboard_us = T0 + (3_500 + k) * S
        for key in (W1, W2):
            unit.now = k * S
            data = unit.housekeeping(100_000 + k / 10)
            packet = Packet(key, decode(data), "line", onboard_us + 5, onboard_us, k == 7)
            archive.add_packet(packet, onboard_us + 7)
    event = decode(unit.make("event_high", 6, 1, -2, "no, room = “full”".encode()))
    archive.add_packet(Packet(W1, event, "line", T0, T0 + 3_600 * S, False), T0)
    archive.add_journal(T0, "Ada", "note", {"alarm": 1, "note": "seen; é"})
    command = {
        "id": 1, "unit": list(W1), "command": "rotate_key", "arguments": {}, "hazard": "",
        "raw": {"nonce": "0badc0de" * 4}, "expires_us": T0 + 9 * S,
    }  # fmt: skip
    archive.add_journal(T0 + S, "Ada", "command", command)
    archive.commit()
    return archive


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def run(*args: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    code = main(["export", *args])
    said = capsys.readouterr()
    return code, said.out, said.err


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r"])
def test_no_spreadsheet_runs_what_units_and_people_wrote(tmp_path: Path, begin: str) -> None:
    words = f"{begin}HYPERLINK(1)"
    window = UnitKey("sz20", f"{begin}w")
    archive = Archive(tmp_path / "a.sqlite")
    unit = FakeUnit()
    event = decode(unit.make("event_high", 6, -1, -2, words.encode()))
    for data in (event, decode(unit.housekeeping())):
        archive.add_packet(Packet(window, data, words, T0, T0, False), T0)
    archive.add_journal(T0, words, "note", {"note": words})
    archive.commit()
    sheets = {
        "events": telemetry.events(archive, Range()),
        "packets": telemetry.packets(archive, Range()),
        "audit": audit(archive, Range()),
        "titles": Sheet("x", (Column(words, "number"),), iter([{words: [-1.5]}])),
    }
    for name, sheet in sheets.items():
        write_csv(sheet, tmp_path / f"{name}.csv")
    (row,) = rows_of(tmp_path / "events.csv")
    assert (row["text"], row["window"], row["a"], row["b"]) == (
        f"'{words}",
        f"'{begin}w",
        "-1",
        "-2",
    )
    assert {row["link"] for row in rows_of(tmp_path / "packets.csv")} == {f"'{words}"}
    (row,) = rows_of(tmp_path / "audit.csv")
    assert row["author"] == f"'{words}" and json.loads(row["data"]) == {"note": words}
    assert rows_of(tmp_path / "titles.csv") == [{f"'{words}": "-1.5"}]
    archive.close()


def test_parameters_in_units_beside_a_writing_ground(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = fill(tmp_path / "a.sqlite")  # stays open, with its lock, as a running ground has it
    out = tmp_path / "out.csv"
    code, said, _ = run(
        str(archive.path), "--out", str(out), "--unit", "sz20/w1", "--parameter", "p_gap2",
        "--json", capsys=capsys,
    )  # fmt: skip
    rows = rows_of(out)
    assert code == 0 and json.loads(said)["written"][0]["rows"] == len(rows) == 300
    points = history(archive, W1, "p_gap2", 0, 2**60)
    assert [(r["utc"], float(r["p_gap2 [Pa]"])) for r in rows] == [
        (iso(t), pytest.approx(value, abs=1e-6)) for t, value in points
    ]
    assert {r["window"] for r in rows} == {"w1"} and "p_gap1 [Pa]" not in rows[0]
    assert [int(r["onboard [µs]"]) for r in rows] == [k * S for k in range(300)]
    assert [r["late"] for r in rows].index("true") == 7
    assert not list(tmp_path.glob(".*partial"))
    archive.close()


def test_a_range_is_from_since_until_before_until(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = fill(tmp_path / "a.sqlite")
    out = tmp_path / "out.csv"
    since, until = T0 + 3_590 * S, T0 + 3_610 * S  # over the edge of an hour
    code, _, _ = run(
        str(archive.path), "--out", str(out), "--since", iso(since), "--until", iso(until),
        capsys=capsys,
    )  # fmt: skip
    times = [r["utc"] for r in rows_of(out) if r["window"] == "w2"]
    assert code == 0 and times == [iso(t) for t in range(since, until, S)]
    archive.close()


def test_parquet_says_the_same_as_csv(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    fill(tmp_path / "a.sqlite").close()
    for kind in writing.WRITERS:
        code, _, _ = run(
            str(tmp_path / "a.sqlite"), "--out", f"{tmp_path / kind}/", "--what", "all",
            "--format", kind, capsys=capsys,
        )  # fmt: skip
        assert code == 0
    names = {p.stem for p in (tmp_path / "csv").iterdir()}
    assert names == {p.stem for p in (tmp_path / "parquet").iterdir()}
    assert {"parameters", "packets", "events", "alarms", "audit"} <= names
    for name in names:
        table = parquet.read_table(tmp_path / "parquet" / f"{name}.parquet")
        text = rows_of(tmp_path / "csv" / f"{name}.csv")
        assert len(text) == table.num_rows
        for mine, theirs in zip(table.to_pylist(), text, strict=True):
            assert {k: _said(v) for k, v in mine.items()} == {
                k: _number(v) for k, v in theirs.items()
            }
    field = parquet.read_schema(tmp_path / "parquet" / "parameters.parquet").field("p_gap2 [Pa]")
    assert field.metadata[b"unit"] == b"Pa"
    events = rows_of(tmp_path / "csv" / "events.csv")
    assert [(r["severity"], r["event"], r["a"], r["b"], r["text"]) for r in events] == [
        ("high", "6", "1", "-2", "no, room = “full”")
    ]


def _said(value: Any) -> Any:
    if value is None:
        return ""
    if hasattr(value, "isoformat"):
        return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, bool):
        return "true" if value else "false"
    return _number(str(value))


def _number(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text


def test_without_pyarrow_one_line_says_how_to_get_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path / "a.sqlite", 3).close()

    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(writing, "import_module", missing)
    out = tmp_path / "o.parquet"
    code, _, said = run(str(tmp_path / "a.sqlite"), "--out", str(out), capsys=capsys)
    assert code == 2 and not out.exists()
    assert said.count("\n") == 1 and "panewatch[parquet]" in said and "--format csv" in said


def test_secrets_are_not_exported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(tmp_path / "a.sqlite", 3).close()
    (tmp_path / "keys").mkdir()
    code, _, _ = run(
        str(tmp_path / "a.sqlite"), "--out", f"{tmp_path}/o/", "--what", "all", capsys=capsys
    )
    text = "".join(p.read_text(encoding="utf-8") for p in (tmp_path / "o").iterdir())
    assert code == 0 and "0badc0de" not in text and HIDDEN in text and "seen; é" in text
    moved = {"key": "limit:sz20/w1:p_gap2", "unit_key": "ab", "list": [{"Password": 1, "x": 2}]}
    assert without_secrets(moved) == {
        "key": "limit:sz20/w1:p_gap2", "unit_key": HIDDEN, "list": [{"Password": HIDDEN, "x": 2}]
    }  # fmt: skip
    assert without_secrets({"key": "00" * 32}) == {"key": HIDDEN}


def test_a_failed_export_leaves_what_was_there(tmp_path: Path) -> None:
    archive = fill(tmp_path / "a.sqlite", 3)
    out = tmp_path / "o.csv"
    out.write_text("before")

    def broken(share: float) -> None:
        raise OSError(28, "no space")

    with pytest.raises(OSError, match="no space"):
        write_csv(telemetry.values(archive, Range(told=broken)), out)
    assert out.read_text() == "before" and not list(tmp_path.glob(".*"))
    archive.close()


def test_memory_does_not_grow_with_the_archive(tmp_path: Path) -> None:
    peaks = []
    for hours in (2, 12):
        archive = Archive(tmp_path / f"{hours}.sqlite")
        unit = FakeUnit()
        for k in range(hours * 600):
            onboard_us = T0 + k * 6 * S
            packet = Packet(W1, decode(unit.housekeeping()), "line", onboard_us, onboard_us, False)
            archive.add_packet(packet, onboard_us)
        archive.commit()
        tracemalloc.start()
        rows = write_csv(telemetry.values(archive, Range()), tmp_path / "o.csv")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert rows == hours * 600
        archive.close()
    assert peaks[1] < 1.5 * peaks[0]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--unit", "sz99/w1"], "it has sz20/w1, sz20/w2"),
        (["--parameter", "p_gap9"], "housekeeping has"),
        (["--since", "2025-01-02", "--until", "2025-01-01"], "--since must be before"),
        (["--out", "ARCHIVE"], "is the archive itself"),
    ],
)
def test_mistakes_in_one_line(
    args: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.sqlite"
    fill(path, 3).close()
    args = [str(path) if a == "ARCHIVE" else a for a in args]
    code, _, said = run(str(path), "--out", str(tmp_path / "o.csv"), *args, capsys=capsys)
    assert code == 2 and words in said and said.count("\n") == 1


def test_a_range_without_anything_is_told_with_what_there_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = fill(tmp_path / "a.sqlite")
    args = (str(archive.path), "--out", str(tmp_path / "o.csv"), "--since", "2026-01-01")
    code, out, said = run(*args, "--unit", "sz20/w2", capsys=capsys)
    assert (code, out.split()[:2]) == (0, ["0", "rows"])
    first, last = iso(T0 + 3_500 * S), iso(T0 + 3_799 * S)
    assert said == (
        f"nothing between --since and --until: the archive has packets of {first} to {last}\n"
    )
    _, out, _ = run(*args, "--unit", "sz20/w2", "--json", capsys=capsys)
    assert json.loads(out)["holds"] == {"from": first, "to": last}
    _, out, said = run(*args[:-1], "2025-01-01", "--json", capsys=capsys)
    assert "holds" not in json.loads(out) and said == ""
    archive.close()
