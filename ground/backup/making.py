"""Makes a backup of a station: its archive, and where wanted its users and the units' keys."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from ground.archive.lock import FileLock, LockHeldError
from ground.backup import parcel
from ground.backup.copying import copy_access, copy_archive
from ground.backup.parcel import BackupError, Item, Manifest, Told
from ground.stream.keys import KEY_BYTES, NEXT, NONCE_BYTES, KeyFileError, read_key
from protocol.schema.timescale import iso

KEY_FILES: Final = ("*.key", "*.key.next", "*.key.old")


@dataclass(frozen=True, slots=True)
class Sources:
    """Where a station's files are; None: not to be in the backup."""

    archive: Path
    access: Path | None = None
    keys: Path | None = None


def back_up(
    sources: Sources, out: Path, now_us: int, told: Told, *, replace: bool = False
) -> Manifest:
    """Write a backup and read it back; raises BackupError, ArchiveError, OSError.

    What stood at `out` stays, or is replaced once the new one has been verified.
    """
    if out.is_dir():
        raise BackupError(out, "is a folder; name a file")
    if out.exists() and not replace:
        raise BackupError(out, "is there already; name another file, or use --replace")
    out.parent.mkdir(parents=True, exist_ok=True)
    with _alone(out), tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as name:
        folder = Path(name)  # mode 0700
        rows = copy_archive(sources.archive, folder / parcel.ARCHIVE, told)
        files = {parcel.ARCHIVE: folder / parcel.ARCHIVE}
        if sources.access:
            copy_access(sources.access, folder / parcel.ACCESS, told)
            files[parcel.ACCESS] = folder / parcel.ACCESS
        if sources.keys:
            files |= _keys(sources.keys, folder / parcel.KEYS)
        items = tuple(
            Item(name, path.stat().st_size, parcel.digest(path, told))
            for name, path in files.items()
        )
        manifest = Manifest(iso(now_us), _version(), rows, items)
        written = folder / "parcel"
        parcel.write(written, manifest, files, told)
        parcel.read(written, told)
        if out.exists() and not replace:  # someone was faster
            raise BackupError(out, "is there already; name another file, or use --replace")
        written.replace(out)
    return manifest


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    """One backup a file at a time: so what others left there is of a killed one, and goes.

    It may hold keys in clear. Raises BackupError, OSError.
    """
    try:
        lock = FileLock(out.with_name(f".{out.name}.lock"))
    except LockHeldError:
        words = "another backup writes it now; wait for that, or name another file"
        raise BackupError(out, words) from None
    try:
        left = re.compile(re.escape(f".{out.name}.") + "[a-z0-9_]{8}")  # as tempfile names it
        for path in out.parent.iterdir():
            if left.fullmatch(path.name) and path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
        yield
    finally:
        lock.release()


def _keys(source: Path, folder: Path) -> dict[str, Path]:
    """Copies, so that a rotation meanwhile changes nothing."""
    folder.mkdir(mode=0o700)
    made = {}
    for path in sorted(p for pattern in KEY_FILES for p in source.glob(pattern)):
        copy = folder / path.name
        shutil.copyfile(path, copy)
        copy.chmod(0o600)
        _check_key(path, copy)
        made[f"{parcel.KEYS}/{path.name}"] = copy
    return made


def _check_key(source: Path, copy: Path) -> None:
    """What is no key would be found out only when it is needed; raises BackupError."""
    try:
        if copy.suffix == NEXT:
            if copy.stat().st_size != NONCE_BYTES + KEY_BYTES:
                raise BackupError(source, f"must hold {NONCE_BYTES + KEY_BYTES} bytes; see to it")
        else:
            read_key(copy)
    except KeyFileError as error:
        raise BackupError(source, f"{error.reason}; see to it, then back up again") from None


def _version() -> str:
    try:
        return version("panewatch")
    except PackageNotFoundError:
        return "(not installed)"
