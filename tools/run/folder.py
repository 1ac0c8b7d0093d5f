"""Where things are kept: a folder a run, and the units' keys."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from ground.model import UnitKey
from tools.cli.errors import InputError

KEY_BYTES = 32


def make_run_folder(home: Path) -> Path:
    """A new `<home>/runs/<UTC stamp>`, for the owner only; raises InputError."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    runs = home / "runs"
    try:
        runs.mkdir(parents=True, exist_ok=True)
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


def make_keys(home: Path, units: Iterable[UnitKey]) -> Path:
    """The folder of the units' keys, missing ones made (random, mode 0600); raises InputError."""
    folder = home / "keys"
    try:
        folder.mkdir(parents=True, mode=0o700, exist_ok=True)
        for unit in units:
            path = folder / key_name(unit)
            if path.exists():
                continue
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(secrets.token_bytes(KEY_BYTES))
    except OSError as error:
        raise InputError(f"cannot make keys in {folder}: {error.strerror}") from error
    return folder


def key_name(unit: UnitKey) -> str:
    """The file name of a unit's key."""
    return f"{unit.vehicle}-{unit.unit}.key"
