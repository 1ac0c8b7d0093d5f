"""Where things are kept: a folder a run, and the units' keys."""

from __future__ import annotations

import secrets
import shlex
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from ground.model import UnitKey
from ground.stream.keys import write_key
from tools.cli.errors import InputError

KEY_BYTES = 32
ARCHIVE = "archive.sqlite"
"""Of a run, in its folder."""


def make_home(home: Path) -> None:
    """The folder of runs, keys and users, for the owner only whatever the umask; raises OSError."""
    if not home.exists():
        home.mkdir(mode=0o700, parents=True, exist_ok=True)


def make_run_folder(home: Path) -> Path:
    """A new `<home>/runs/<UTC stamp>`, for the owner only; raises InputError."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    runs = home / "runs"
    try:
        make_home(home)
        runs.mkdir(exist_ok=True)
        for suffix in ("", *(f"-{n}" for n in range(2, 100))):
            folder = runs / f"{stamp}{suffix}"
            try:
                folder.mkdir(mode=0o700)  # the units' configurations hold the broker's password
            except FileExistsError:
                continue
            return folder
    except OSError as error:
        raise InputError(f"cannot make a folder in {runs}: {error.strerror}") from error
    raise InputError(f"{runs}: too many runs began in this second")


@contextmanager
def run_folder(home: Path) -> Iterator[Path]:
    """A new folder as of make_run_folder; nothing is left of one in which no run could begin."""
    folder = make_run_folder(home)
    try:
        yield folder
    except InputError:
        shutil.rmtree(folder)
        raise


def make_keys(home: Path, units: Iterable[UnitKey], name: str = "keys") -> Path:
    """The folder of the units' keys, missing ones made (random, mode 0600); raises InputError."""
    folder = home / name
    try:
        make_home(home)
        folder.mkdir(mode=0o700, exist_ok=True)
        for unit in units:
            path = folder / key_name(unit)
            if path.exists():
                continue
            write_key(path, secrets.token_bytes(KEY_BYTES))
    except OSError as error:
        raise InputError(f"cannot make keys in {folder}: {error.strerror}") from error
    return folder


def afterwards(archive: Path) -> str:
    """What to do with what a station has recorded, now that it has ended."""
    path = archive.absolute()
    path = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    name = shlex.quote(str(path))
    return f"Recorded: {path} (panewatch report {name}, panewatch replay {name})"


def unit_of(key: Path) -> UnitKey | None:
    """Whose key file that is; None where the name can be read in two ways, or in none."""
    vehicle, _, window = key.stem.partition("-")
    return UnitKey(vehicle, window) if vehicle and window and "-" not in window else None


def key_name(unit: UnitKey) -> str:
    """The file name of a unit's key."""
    return f"{unit.vehicle}-{unit.unit}.key"
