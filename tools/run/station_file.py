"""How the command line finds the station that runs here: `.panewatch/station.json`."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

from ground.archive.lock import FileLock, LockHeldError, is_locked
from tools.run.folder import make_home

NAME: Final = "station.json"


@dataclass(frozen=True, slots=True)
class Known:
    """The station of a folder: its address, what opens its actions, what its certificate needs."""

    address: str
    token: str
    ca: str = ""
    """PEM file with certificates to trust, beside those of the system; empty: none."""


@contextmanager
def announced(
    home: Path, url: str, say: Callable[[str], None], ca: Path | None = None
) -> Iterator[None]:
    """Keep the start address of a station there while the context is open, for its owner only.

    A folder has one station: where another runs, its entry stays, and `say` gets a line on it.
    """
    parts = urlsplit(url)
    address = f"{parts.scheme}://{parts.netloc}"
    make_home(home)
    path = home / NAME
    try:
        lock = FileLock(_lock(path))
    except LockHeldError:
        say(
            "another station runs in this folder and stays the one that `panewatch command` "
            f"finds here; this one: --station {address}"
        )
        yield
        return
    try:
        token = parse_qs(parts.query).get("token", [""])[0]
        _write(path, Known(address, token, str(ca.absolute()) if ca else ""))
        yield
    finally:
        with suppress(OSError):
            path.unlink()
        lock.release()


def station_at(home: Path) -> Known | None:
    """The station that runs here, or None."""
    try:
        known = json.loads((home / NAME).read_text(encoding="utf-8"))
        return Known(str(known["address"]), str(known["token"]), str(known.get("ca", "")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def runs_in(home: Path) -> bool:
    """True while a station has its entry there."""
    return is_locked(home / NAME)


def _lock(path: Path) -> Path:
    return path.with_name(f"{path.name}.lock")  # as is_locked looks for it


def _write(path: Path, known: Known) -> None:
    new = path.with_suffix(f".{os.getpid()}")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(json.dumps(asdict(known)))
    new.replace(path)
