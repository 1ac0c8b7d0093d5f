"""An archive whose header and tables speak of two formats is refused, named and left as it is."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from ground.archive.archive import Archive
from ground.archive.check.fsck import fsck
from ground.archive.errors import DamagedArchive
from ground.archive.formats import MARKS
from ground.archive.lock import is_locked
from ground.archive.migrate import migrate
from hil_tests.unit.test_archive import filled
from hil_tests.unit.test_history import made_old, without_checksums
from tools.cli.main import main


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """The same archive in each format."""
    folder = tmp_path_factory.mktemp("formats")
    found = {of: folder / f"{of}.sqlite" for of in MARKS}
    filled(found[3], 30).close()
    made_old(found[3], found[1])
    shutil.copy(found[3], found[2])
    without_checksums(found[2])
    return found


def changed(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        for statement in statements:
            db.execute(statement)


CASES = [(says, of) for says in MARKS for of in MARKS if says != of]


@pytest.mark.parametrize(("says", "of"), CASES)
@pytest.mark.parametrize("write", [True, False])
def test_a_header_that_contradicts_the_tables(
    made: dict[int, Path], tmp_path: Path, says: int, of: int, write: bool
) -> None:
    path = Path(shutil.copy(made[of], tmp_path / "a.sqlite"))
    changed(path, f"PRAGMA user_version = {says}")
    before = path.read_bytes()
    words = f"says that it is of format {says}, and its tables are those of format {of}: "
    with pytest.raises(DamagedArchive, match=words) as refused:
        Archive(path, write=write)
    assert "\n" not in str(refused.value) and not is_locked(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        if says != 3:
            with pytest.raises(ValueError, match=words[:-2]):
                migrate(db, says)
    (one, *_) = fsck(path, lambda *_: None).damage
    assert f"the header says format {says}, the tables are those of {of}" in str(one)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("of", "statement", "words"),
    [
        (3, "DROP TABLE digest", "those of format 3"),
        (3, "ALTER TABLE raw DROP COLUMN crc", "those of format 3"),
        (2, "DROP TABLE rollup", r"not \(rollup missing\)"),
        (2, "CREATE TABLE digest (a)", r"not \(digest too many\)"),
    ],
)
def test_tables_that_are_of_no_format_get_no_checksums(
    made: dict[int, Path], tmp_path: Path, of: int, statement: str, words: str
) -> None:
    path = Path(shutil.copy(made[of], tmp_path / "a.sqlite"))
    changed(path, statement, "PRAGMA user_version = 2")
    before = path.read_bytes()
    for write in (True, False):
        with pytest.raises(DamagedArchive, match=f"of format 2, and its tables are {words}"):
            Archive(path, write=write)
    assert fsck(path, lambda *_: None).damage
    assert path.read_bytes() == before


def test_a_log_beside_it_is_left_as_it_is_too(made: dict[int, Path], tmp_path: Path) -> None:
    """Opening for writing would put a killed ground station's log into the file."""
    running = Path(shutil.copy(made[3], tmp_path / "running.sqlite"))
    path = tmp_path / "a.sqlite"
    with closing(sqlite3.connect(running, isolation_level=None)) as db:
        db.execute("PRAGMA user_version = 2")
        for end in ("", "-wal"):
            shutil.copy(f"{running}{end}", f"{path}{end}")
    before = [Path(f"{path}{end}").read_bytes() for end in ("", "-wal")]
    assert before[1]
    with pytest.raises(DamagedArchive, match="its tables are those of format 3"):
        Archive(path)
    assert [Path(f"{path}{end}").read_bytes() for end in ("", "-wal")] == before


def test_a_lost_table_of_today_is_damage_and_no_contradiction(
    made: dict[int, Path], tmp_path: Path
) -> None:
    path = Path(shutil.copy(made[3], tmp_path / "a.sqlite"))
    changed(path, "DROP TABLE rollup")
    with closing(Archive(path, write=False)) as archive:
        assert len(list(archive.entries())) == 30


def test_one_line_on_the_command_line(
    made: dict[int, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = Path(shutil.copy(made[3], tmp_path / "a.sqlite"))
    changed(path, "PRAGMA user_version = 2")
    assert main(["report", str(path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "its tables are those of format 3" in line and "nothing was changed" in line
    assert main(["fsck", str(path)]) == 1
    assert "the header says format 2, the tables are those of 3" in capsys.readouterr().out
