"""Damage that leads pages back to each other: every reading ends, and tells of what."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ground.archive.archive import Archive
from ground.archive.bounded import EndlessError
from ground.archive.check.fsck import fsck
from ground.archive.errors import DamagedArchive, folding
from ground.archive.opening import reading
from hil_tests.support.tangle import below_itself, roots, tangle
from hil_tests.unit.test_archive import filled
from hil_tests.unit.test_fsck import made


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("endless") / "a.sqlite", 40)


NAMED = {
    "sqlite_master": "file: the list of its tables",
    "meta": "meta: ", "dictionary": "dictionary: ", "unit": "unit: ", "counter": "counter: ",
    "raw": "raw row 41 and on: ", "block": "block row 52 and on: ", "rollup": "rollup: its pages",
    "journal": "journal row 56 and on: ", "digest": "file: the checksums of the small tables",
    "block_history": "block: SQLite finds", "block_hour": "block: SQLite finds",
}  # fmt: skip


@pytest.mark.parametrize("name", NAMED)
def test_a_tree_without_end_is_named_and_hides_no_other(
    whole: Path, tmp_path: Path, name: str
) -> None:
    path = Path(shutil.copy(whole, tmp_path / "a.sqlite"))
    tangle(path, roots(path)[name])
    found, counts = fsck(path, lambda *_: None), fsck(whole, lambda *_: None).counts
    words = [str(one) for one in found.damage]
    assert any(one.startswith(NAMED[name]) for one in words), words
    others = counts.keys() - {name} if name != "sqlite_master" else set()
    assert {k: found.counts[k] for k in others} == {k: counts[k] for k in others}
    try:
        with folding(path), closing(Archive(path, write=False)) as archive:
            every = (list(archive.entries()), list(archive.raw()), list(archive.telemetry()))
    except DamagedArchive:
        return
    assert [len(some) for some in every] == [55, 40, 49]


def test_a_page_below_itself_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    filled(path, 200).close()
    below_itself(path, roots(path)["raw"])
    words = [str(one) for one in fsck(path, lambda *_: None).damage]
    assert any(one.startswith("raw row") and "and on: cannot be read" in one for one in words)
    with closing(Archive(path, write=False)) as archive, pytest.raises(DamagedArchive):
        list(archive.raw())


@pytest.fixture
def many(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "a.sqlite"
    with closing(filled(path, 200)):
        yield path


@pytest.mark.parametrize("what", ["sum(1) FROM raw a, raw b, raw c", "a.data FROM raw a, raw b"])
def test_more_steps_or_bytes_than_the_file_needs(many: Path, what: str) -> None:
    with closing(reading(many)) as db:
        with pytest.raises(EndlessError, match="lead back to each other"):
            db.execute(f"SELECT {what}").fetchall()
        assert len(db.execute("SELECT data FROM raw").fetchall()) == 200
        assert db.execute("SELECT data FROM raw").fetchone() == (b"\0" * 500,)
        assert len(db.execute("SELECT data FROM raw").fetchmany(7)) == 7


def test_a_file_that_is_replaced_meanwhile_is_read_to_its_end(many: Path) -> None:
    words = "SELECT sum(1) FROM raw a, raw b, raw c WHERE c.id < 4"
    with closing(reading(many)) as db:
        assert db.execute(words).fetchone() == (120_000,)
        for end in ("", "-wal"):
            many.with_name(f"{many.name}{end}").rename(many.with_name(f"old{end}"))
        assert db.execute(words).fetchone() == (120_000,)
