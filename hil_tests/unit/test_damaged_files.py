"""Damaged and edited files of users, keys and limits: one line, exit code 2, the file untouched.

`ground` refuses the same files as a process in test_bad_input.py.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from ground.access.access import Access
from ground.access.errors import AccessError
from ground.access.store import AccessStore
from ground.archive.archive import Archive
from ground.model import UnitKey
from ground.stream.keys import KeyFileError, KeyStore
from hil_tests.unit.bad_input import users
from tools.cli.main import main

HUGE = 100 * 2**20
UNIT = UnitKey("sz20", "w1")
LIMITS = "[p_gap2.any]\nlow = {watch = 90000}\n"

Prepare = Callable[[Path], object]


def octets(name: str, content: bytes, size: int = 0) -> Prepare:
    """A file for its owner; with a size, zeros to there."""

    def make(folder: Path) -> None:
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o600)
        if size:
            os.truncate(path, size)

    return make


USERS = ["user", "list", "--access", "users.sqlite"]
KEYS = ["key", "list", "--keys", "keys"]
TRY = ["limits", "try", "limits.toml", "--archive", "a.sqlite"]
SET = ["limits", "set", "limits.toml", "--archive", "a.sqlite", "--author", "Ada", "--reason", "x"]
KEY = "keys/sz20-w1.key"

ROWS: dict[str, tuple[list[str], str, Prepare]] = {
    "users emptied": (USERS, "is no file of users", users(size=0)),
    "users cut in the header": (USERS, "is no file of users", users(size=90)),
    "users cut in a page": (USERS, "restore a backup, or move it away", users(size=9000)),
    "users without a page": (USERS, "restore a backup, or move it away", users(size=4096)),
    "users of zeros": (USERS, "is no file of users", octets("users.sqlite", b"", HUGE)),
    "users binary": (USERS, "is no file of users", octets("users.sqlite", bytes(range(256)) * 99)),
    "table gone": (USERS, "tables are not as this version", users("DROP TABLE sessions")),
    "column gone": (
        USERS, "tables are not as this version", users("ALTER TABLE users DROP COLUMN created_us"),
    ),
    "trigger": (
        USERS, "tables are not as this version",
        users("CREATE TRIGGER t AFTER INSERT ON users BEGIN UPDATE users SET role = 3; END"),
    ),
    "name that is no text": (
        USERS, "cannot be used", users("UPDATE users SET name = CAST(x'ff6164' AS TEXT)"),
    ),
    "later users": (USERS, "that this version knows", users("PRAGMA user_version = 9")),
    "key emptied": (KEYS, "must hold 32 bytes or 64 hex", octets(KEY, b"")),
    "key cut": (KEYS, "must hold 32 bytes or 64 hex", octets(KEY, b"k" * 31)),
    "key binary": (KEYS, "must hold 32 bytes or 64 hex", octets(KEY, b"\xff" * 64)),
    "key huge": (KEYS, "must hold 32 bytes or 64 hex", octets(KEY, b"", HUGE)),
    "key a folder": (KEYS, "is no file", lambda f: (f / KEY).mkdir(parents=True)),
    "limits cut": (TRY, "no valid TOML", octets("limits.toml", LIMITS[:25].encode())),
    "limits binary": (TRY, "no UTF-8 text", octets("limits.toml", b"\xff\xfe\x00")),
    "limits huge": (SET, "more than 16 MiB", octets("limits.toml", LIMITS.encode(), HUGE)),
    "limits a folder": (SET, "Is a directory", lambda f: (f / "limits.toml").mkdir()),
    "limits of no parameter": (SET, "p_gap9", octets("limits.toml", b"[p_gap9.any]\n")),
    "limits of words": (SET, "limits.toml", octets("limits.toml", b"p_gap2 = 'low'\n")),
    "limits nan": (SET, "limits.toml", octets("limits.toml", b"[p_gap2.any]\nlow={watch=nan}\n")),
}  # fmt: skip


def state(folder: Path) -> dict[str, bytes]:
    """Every small file; of huge ones the beginning, which is all that is theirs."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_file() and not path.name.endswith(("-wal", "-shm")):
            with path.open("rb") as file:
                found[str(path)] = file.read(2**20)
    return found


@pytest.mark.parametrize("name", ROWS)
def test_one_line_and_nothing_changes(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    args, words, prepare = ROWS[name]
    monkeypatch.chdir(tmp_path)
    if "limits" in args:
        Archive(tmp_path / "a.sqlite").close()
    prepare(tmp_path)
    before = state(tmp_path)
    assert main(args) == 2
    told = capsys.readouterr()
    (line,) = told.err.splitlines()
    assert line.startswith("panewatch: ") and words in line and told.out == ""
    assert state(tmp_path) == before


def test_users_damaged_anywhere_are_read_or_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Bytes that stand for nothing may change; all else is told, and never a traceback."""
    users()(tmp_path)
    path = tmp_path / "users.sqlite"
    whole, rng, refused = path.read_bytes(), random.Random(3), 0
    for _ in range(60):
        made = bytearray(whole)
        for _ in range(rng.randrange(1, 40)):
            made[rng.randrange(len(made))] = rng.randrange(256)
        path.write_bytes(made)
        code = main(["user", "list", "--access", str(path)])
        lines = capsys.readouterr().err.splitlines()
        assert (code, len(lines)) in ((0, 0), (2, 1)), lines
        refused += code == 2
    assert refused > 5


def test_an_empty_file_never_gets_a_first_admin(tmp_path: Path) -> None:
    path = tmp_path / "users.sqlite"
    path.touch(0o600)
    with pytest.raises(AccessError, match="is no file of users"):
        AccessStore(path)
    assert path.stat().st_size == 0
    path.unlink()
    store = AccessStore(path)
    assert Access(store, "token", "tester").first_start()
    store.close()
    assert [p.name for p in tmp_path.iterdir()] == ["users.sqlite"]


def test_a_damaged_key_of_a_rotation_takes_nothing_from_the_present_one(tmp_path: Path) -> None:
    path = tmp_path / "sz20-w1.key"
    octets(path.name, b"k" * 32)(tmp_path)
    keys = KeyStore(tmp_path)
    nonce = keys.prepare(UNIT)
    assert len(nonce) == 16 and keys.prepare(UNIT) == nonce
    octets("sz20-w1.key.next", b"n" * 20)(tmp_path)
    for act in (keys.prepare, keys.adopt):
        with pytest.raises(KeyFileError, match="must hold 48 bytes"):
            act(UNIT)
    with pytest.raises(KeyFileError, match="must hold 48 bytes"):
        keys.check()
    assert path.read_bytes() == b"k" * 32
