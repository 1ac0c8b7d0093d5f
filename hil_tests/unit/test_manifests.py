"""Manifests of backups and evidence with numbers and depths that no machine holds: one line."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from ground.backup import parcel
from ground.evidence.container import MANIFEST, pack, unpack
from ground.evidence.errors import NotABundleError
from ground.evidence.verify import verify
from hil_tests.sim.evidence_bench import Story
from tools.cli.main import main

HUGE = "1e999"
DEEP = "[" * 100_000 + "]" * 100_000
NEARLY = "[" * 900 + "]" * 900
"""What the JSON reader takes, and whoever goes down it once more may not."""
LONG = "9" * 5_000
ABSURD = pytest.mark.parametrize(
    "value", [HUGE, f"-{HUGE}", "NaN", DEEP, NEARLY, LONG, "null", '{"a": 1e999}', '"\\ud800"'],
    ids=["huge", "-huge", "NaN", "deep", "nearly", "long", "null", "inside", "surrogate"],
)  # fmt: skip


def one_line(text: str) -> None:
    assert text.startswith("panewatch: ") and text.count("\n") == 1 and len(text) < 1_200, text


def backup_of(path: Path, manifest: str) -> Path:
    data = manifest.encode()
    with tarfile.open(path, "w") as tar:
        for name, content in ((parcel.MANIFEST, data), (parcel.ARCHIVE, b"x")):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


@ABSURD
@pytest.mark.parametrize("place", ["all", "format", "made_utc", "rows", "items", "size", "sha256"])
def test_an_absurd_manifest_of_a_backup(
    place: str, value: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    item = {"name": parcel.ARCHIVE, "size": 1, "sha256": "0" * 64}
    told: dict[str, Any] = {
        "format": parcel.FORMAT, "made_utc": "", "software": "", "rows": {}, "items": [item],
    }  # fmt: skip
    (item if place in item else told)[place] = "HERE"
    whole = value if place == "all" else json.dumps(told).replace('"HERE"', value)
    file = backup_of(tmp_path / "b.tar", whole)
    assert main(["restore", str(file), "--out", str(tmp_path / "out")]) == 2
    one_line(capsys.readouterr().err)
    assert not (tmp_path / "out").exists()


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The members of one."""
    story = Story(tmp_path_factory.mktemp("story") / "archive.sqlite")
    story.seconds(3)
    story.hear(story.strike())
    story.seconds(1)
    members, _ = unpack(story.bundle(story.alarm("impact:")))
    story.close()
    return members


PLACES = [
    "all", "format", "version", "schema", "software", "raised_with", "limits_version", "end_us",
    "speed", "about", "members",
]  # fmt: skip


@ABSURD
@pytest.mark.parametrize("place", PLACES)
def test_an_absurd_manifest_of_evidence(
    bundle: dict[str, bytes], place: str, value: str, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    told = json.loads(bundle[MANIFEST])
    assert place in ("all", *told)
    whole = value if place == "all" else json.dumps(told | {place: "HERE"}).replace('"HERE"', value)
    data = pack(bundle | {MANIFEST: whole.encode()})
    try:
        verdict = verify(data)
    except NotABundleError as error:
        assert "\n" not in str(error)
    else:
        assert place in ("limits_version", "about", "software", "raised_with") or verdict.problems
    file = tmp_path / "e.zip"
    file.write_bytes(data)
    assert main(["evidence", "verify", str(file)]) in (0, 1, 2)
    said = capsys.readouterr()
    assert "Traceback" not in said.err + said.out
