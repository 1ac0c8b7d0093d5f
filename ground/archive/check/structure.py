"""The file itself: header, SQLite's own check, the tables, the small ones' checksums, its log."""

from __future__ import annotations

import re
import sqlite3
from contextlib import suppress
from pathlib import Path

from ground.archive import formats, opening
from ground.archive.check.damage import DOUBT, RESTORE, Findings
from ground.archive.digest import COVERED, SMALL, of_table
from ground.archive.errors import UNREADABLE, ArchiveUnwritable, DamagedArchive, ForeignArchive
from ground.archive.tables import APPLICATION_ID, FORMAT_VERSION


def opened(path: Path, findings: Findings) -> sqlite3.Connection:
    """A reading connection that stays with what stands there now, whatever else is written.

    Raises ForeignArchive or ArchiveUnwritable; for damage that leaves nothing to read,
    sqlite3.DatabaseError, after it was named.
    """
    _check_first_bytes(path, findings)
    try:
        db = _begun(path)
    except sqlite3.OperationalError as error:
        raise ArchiveUnwritable(
            path, f"cannot be opened ({error}); check its rights, or copy it"
        ) from None
    except UNREADABLE as error:
        findings.add(f"SQLite cannot read it ({error})", RESTORE)
        raise
    try:
        _tables(db)
    except UNREADABLE as error:
        findings.add(f"the list of its tables is damaged ({error})", RESTORE)
        db.execute("PRAGMA writable_schema = ON")  # reads on without the tables that it lacks
    _check_header(db, path, findings)
    with suppress(*UNREADABLE):  # named above
        opening.check_own(db, path)
    return db


def check_structure(db: sqlite3.Connection, findings: Findings) -> None:
    """What SQLite says of its pages and indexes, table by table where something is wrong."""
    words = _integrity(db, "integrity", "1")
    if words == ["ok"]:
        return
    found = False
    for table in (*COVERED, *SMALL, "digest"):
        its = _integrity(db, "quick", f"'{table}'")
        if its == ["ok"]:
            its = _integrity(db, "integrity", f"'{table}'")
        if its != ["ok"]:
            found = True
            findings.add(f"SQLite finds: {_joined(its)}", RESTORE, table=table)
    if not found:
        findings.add(f"SQLite finds: {_joined(words)}", RESTORE)


def check_tables(db: sqlite3.Connection, findings: Findings) -> None:
    """That they are those of today's format, word for word."""
    model = opening.create(None)
    try:
        expected, stands = _tables(model), _tables(db)
    except UNREADABLE as error:
        findings.add(f"the list of its tables cannot be read ({error})", RESTORE)
        return
    finally:
        model.close()
    for name, words in expected.items():
        if name not in stands:
            findings.add("is missing in the list of tables", RESTORE, table=name)
        elif stands[name] != words:
            findings.add("its definition is not what Panewatch made", RESTORE, table=name)
    for name in stands.keys() - expected.keys():
        findings.add("no Panewatch made it", RESTORE, table=name)


def check_small(db: sqlite3.Connection, findings: Findings) -> None:
    """Hold the small tables against their checksums."""
    try:
        sealed = {name: (rows, crc) for name, rows, crc in db.execute("SELECT * FROM digest")}
    except UNREADABLE as error:
        findings.add(f"the checksums of the small tables cannot be read ({error})", RESTORE)
        return
    for name in SMALL:
        try:
            made = of_table(db, name)
        except UNREADABLE as error:
            findings.add(f"cannot be read ({error})", RESTORE, table=name)
            continue
        if name not in sealed:
            findings.add("its checksum is missing", DOUBT, table=name)
        elif made != sealed[name]:
            findings.add("the table and its checksum do not agree", DOUBT, table=name)


def _check_first_bytes(path: Path, findings: Findings) -> None:
    try:
        opening.check_magic(path)
    except DamagedArchive as error:
        findings.add("is cut short within its first page", RESTORE)
        raise sqlite3.DatabaseError(str(error)) from None
    except ForeignArchive as error:
        with path.open("rb") as file:
            head = file.read(72)
        if int.from_bytes(head[68:], "big") != APPLICATION_ID:
            raise
        findings.add("its first 16 bytes are damaged: nothing opens it as a database", RESTORE)
        raise sqlite3.DatabaseError(str(error)) from None


def _begun(path: Path) -> sqlite3.Connection:
    db = opening.reading(path)
    db.text_factory = lambda octets: octets.decode("utf-8", "surrogateescape")
    try:
        db.execute("BEGIN")
        db.execute("PRAGMA application_id").fetchone()
    except BaseException:
        db.close()
        raise
    return db


def _check_header(db: sqlite3.Connection, path: Path, findings: Findings) -> None:
    """Format and kind of file: told by the tables where the header says something else."""
    ours = db.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID
    version = formats.claimed(db)
    try:
        names = set(_tables(db))
        marks = formats.marks_of(db)
    except UNREADABLE:
        names = set(COVERED) if ours else set()
        marks = frozenset()
    if not names & COVERED.keys():
        if ours and version in formats.READABLE:
            findings.add("none of an archive's tables is in it", RESTORE)
        else:
            raise ForeignArchive(path, "is no Panewatch archive; name another file")
    of = formats.nearest(marks)
    if not ours:
        findings.add("the header does not say that it is an archive", RESTORE)
    if version not in formats.READABLE and of != FORMAT_VERSION:
        raise ForeignArchive(
            path, f"has archive format {version}, this Panewatch knows {FORMAT_VERSION}"
        )
    of = version if of is None else of
    if version != of:
        findings.add(
            f"the header says format {version}, the tables are those of {of}; "
            "nothing opens it as it is",
            RESTORE,
        )
    elif of != FORMAT_VERSION and (words := formats.contradiction(db, version)):
        findings.add(words, RESTORE)
    findings.format = of
    try:
        opening.check_size(db, path)
    except DamagedArchive as error:
        findings.add(str(error).removeprefix(f"{path}: "), RESTORE)


def _integrity(db: sqlite3.Connection, how: str, of: str) -> list[str]:
    """SQLite's words. It looks at pages first; only where those are sound may indexes be counted.

    Counting is one step of SQLite's, which nothing ends where pages lead back to each other.
    """
    words: list[str] = []
    try:
        for (word,) in db.execute(f"PRAGMA {how}_check({of})"):
            words.append(str(word))
    except UNREADABLE as error:
        words.append(str(error))
    return words


def _joined(words: list[str]) -> str:
    told = [" ".join(word.replace("*** in database main ***", "").split()) for word in words]
    more = f", and {len(told) - 3} more" if len(told) > 3 else ""
    return "; ".join(told[:3]) + more


def _tables(db: sqlite3.Connection) -> dict[str, str]:
    return {
        str(name): re.sub(r'[\s"]', "", str(sql))
        for name, sql in db.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    }
