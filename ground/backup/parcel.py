"""The file of a backup: a tar of the station's files after a manifest with their digests."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tarfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from typing import IO, BinaryIO, Final

FORMAT: Final = "panewatch backup 1"
MANIFEST: Final = "manifest.json"
MANIFEST_MAX: Final = 16 * 2**20
ARCHIVE: Final = "archive.sqlite"
ACCESS: Final = "access.sqlite"
KEYS: Final = "keys"
PIECE: Final = 2**20
_NAMES: Final = re.compile(
    rf"{re.escape(ARCHIVE)}|{re.escape(ACCESS)}|{KEYS}/[A-Za-z0-9_-][A-Za-z0-9_.-]*"
)

Told = Callable[[str, float, float], None]
"""Gets words, how much is done, and of how much."""


class BackupError(Exception):
    """A backup cannot be made or used; `path` is the file that is to blame."""

    def __init__(self, path: Path, words: str) -> None:
        super().__init__(f"{path}: {words}")
        self.path = path


@dataclass(frozen=True, slots=True)
class Item:
    """One file."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds."""

    made_utc: str
    software: str
    rows: dict[str, int]
    """Of the archive's tables, and `packets`."""
    items: tuple[Item, ...]


def digest(path: Path, told: Told = lambda *_: None) -> str:
    """SHA-256 of a file."""
    made, size, done = hashlib.sha256(), path.stat().st_size, 0
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            made.update(piece)
            done += len(piece)
            told("digest", done, size)
    return made.hexdigest()


def write(path: Path, manifest: Manifest, files: dict[str, Path], told: Told) -> None:
    """Put files into a new tar for its owner only; OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with (
        os.fdopen(descriptor, "wb") as out,
        tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        head = json.dumps({"format": FORMAT, **asdict(manifest)}, indent=1).encode()
        tar.addfile(_info(MANIFEST, len(head)), BytesIO(head))
        for item in manifest.items:
            with files[item.name].open("rb") as file:
                tar.addfile(_info(item.name, item.size), _Told(file, item, told))
        out.flush()
        os.fsync(out.fileno())


def read(path: Path, told: Told, folder: Path | None = None) -> Manifest:
    """Check every digest, and put the files into a folder where one is given.

    Raises BackupError for what is no whole backup, OSError.
    """
    try:
        with tarfile.open(path, mode="r:") as tar:
            manifest = _manifest(path, tar)
            left = {item.name: item for item in manifest.items}
            for member in tar:
                item = left.pop(member.name, None)
                if member.name == MANIFEST:
                    continue
                if item is None or not is_plain(member) or member.size != item.size:
                    raise BackupError(path, f"holds {member.name!r} other than it says itself")
                source = tar.extractfile(member)
                assert source is not None
                if _copy(source, item, folder, told) != item.sha256:
                    raise BackupError(
                        path, f"its {item.name} is damaged: the digest differs; use another backup"
                    )
            if left:
                raise BackupError(path, f"is cut short: {', '.join(left)} missing; use another one")
    except (tarfile.TarError, EOFError) as error:
        raise BackupError(path, f"is no whole backup ({error}); use another one") from None
    return manifest


class _Told:
    """A file that tells how far it has been read."""

    def __init__(self, file: BinaryIO, item: Item, told: Told) -> None:
        self._file, self._item, self._told, self._done = file, item, told, 0

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        piece = self._file.read(size)
        self._done += len(piece)
        self._told(f"writing {self._item.name}", self._done, self._item.size)
        return piece


def _info(name: str, size: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o600
    return info


def is_plain(member: tarfile.TarInfo) -> bool:
    """A sparse member may be larger than any disk."""
    return member.isfile() and not member.issparse()


def _manifest(path: Path, tar: tarfile.TarFile) -> Manifest:
    first = tar.next()
    source = tar.extractfile(first) if first and first.isfile() else None
    if first is None or source is None or first.name != MANIFEST or first.size > MANIFEST_MAX:
        raise BackupError(path, "is no Panewatch backup; name another file")
    try:
        data = json.loads(source.read())
        if data.pop("format") != FORMAT:
            raise BackupError(path, f"is no {FORMAT!r}; use the Panewatch that made it")
        items = tuple(Item(str(i["name"]), int(i["size"]), str(i["sha256"])) for i in data["items"])
        manifest = Manifest(str(data["made_utc"]), str(data["software"]), dict(data["rows"]), items)
    except (
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        ArithmeticError,
        RecursionError,
    ) as error:
        raise BackupError(path, f"has a damaged manifest ({error}); use another one") from None
    names = [item.name for item in items]
    if len(set(names)) < len(names) or not all(_NAMES.fullmatch(name) for name in names):
        raise BackupError(path, "names files that belong to no station; use another one")
    if ARCHIVE not in names:
        raise BackupError(path, "holds no archive; use another one")
    return manifest


def _copy(source: IO[bytes], item: Item, folder: Path | None, told: Told) -> str:
    made, done = hashlib.sha256(), 0
    target = None
    if folder is not None:
        path = folder / item.name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        target = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
    try:
        while piece := source.read(PIECE):
            made.update(piece)
            if target:
                target.write(piece)
            done += len(piece)
            told(f"checking {item.name}", done, item.size)
        if target:
            target.flush()
            os.fsync(target.fileno())
    finally:
        if target:
            target.close()
    return made.hexdigest()
