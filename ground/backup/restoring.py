"""Puts a backup back into a station's folder: verified first, and all of it or nothing."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ground.archive.lock import lock_archive
from ground.backup import copying, parcel
from ground.backup.parcel import BackupError, Manifest, Told


def restore(
    file: Path, folder: Path, told: Told, *, replace: bool = False, secrets: bool = True
) -> Manifest:
    """Restore into a folder: `archive.sqlite`, `access.sqlite`, `keys`, as far as it holds them.

    Without `secrets` the archive alone. Raises BackupError, ArchiveInUse while a ground station
    runs on what is there, OSError; then everything is as it was.
    """
    with (
        _folder(folder),
        _locked(folder / parcel.ARCHIVE),
        tempfile.TemporaryDirectory(prefix=".restore.", dir=folder) as name,
    ):
        new, old = Path(name) / "new", Path(name) / "old"
        new.mkdir(mode=0o700)
        old.mkdir(mode=0o700)
        manifest = parcel.read(file, told, new)
        copying.known(new / parcel.ARCHIVE, file)
        rows = copying.check_archive(new / parcel.ARCHIVE, told, file, "use another backup")
        if rows != manifest.rows:
            raise BackupError(file, "its archive holds other rows than it says; use another")
        names = _names(new, secrets)
        there = [n for n in names if (folder / n).exists()]
        if there and not replace:
            words = f"{', '.join(there)} is there already"
            raise BackupError(
                folder, f"{words}; name another folder, or use --replace to give it up"
            )
        with _aside(folder, old, names):
            for one in names:
                (new / one).replace(folder / one)
    return manifest


@contextmanager
def _folder(folder: Path) -> Iterator[None]:
    """Make it where it is missing; of a failure none stays that was made for it."""
    made = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        with suppress(OSError):  # something of another's is in it by now
            for one in made:
                one.rmdir()
        raise


@contextmanager
def _locked(archive: Path) -> Iterator[None]:
    lock = lock_archive(archive)
    try:
        yield
    finally:
        lock.release()


def _names(new: Path, secrets: bool) -> list[str]:
    wanted = (parcel.ARCHIVE, parcel.ACCESS, parcel.KEYS) if secrets else (parcel.ARCHIVE,)
    return [name for name in wanted if (new / name).exists()]


@contextmanager
def _aside(folder: Path, old: Path, names: list[str]) -> Iterator[None]:
    """Move what is there away, and back when what follows fails.

    With a database goes the log beside it: it would be taken for the new one's.
    """
    logs = [f"{n}{end}" for n in names for end in ("-wal", "-shm", "-journal")]
    moved: list[str] = []
    try:
        for name in [*names, *logs]:
            if (folder / name).exists():
                (folder / name).replace(old / name)
                moved.append(name)
        yield
    except BaseException:
        for name in {*names, *moved}:
            _remove(folder / name)
        for name in moved:
            (old / name).replace(folder / name)
        raise


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
