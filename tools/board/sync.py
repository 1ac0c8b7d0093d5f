"""What is on a board, and making it what it should be: only what differs is copied."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import PurePosixPath
from typing import Final

from tools.board.remote import Remote, RemoteError

OURS: Final = ("firmware", "protocol")
"""Folders in which nothing but our files may be: MicroPython prefers a stale x.py to x.mpy."""
MAIN: Final = "main.py"
"""Goes first and comes last, so that a half copied board starts nothing."""
_DIGESTS: Final = """
import os
from hashlib import sha256 as _sha
from binascii import hexlify as _hex
_b = bytearray(512)
_m = memoryview(_b)
def _file(p):
    h = _sha()
    with open(p, 'rb') as f:
        while True:
            n = f.readinto(_b)
            if not n:
                break
            h.update(_m[:n])
    print(repr((p, _hex(h.digest()).decode())), end=',')
def _walk(p):
    try:
        kind = os.stat(p)[0]
    except OSError:
        return
    if kind & 0x4000:
        for e in os.ilistdir(p):
            _walk(p + '/' + e[0])
    else:
        _file(p)
"""
_REMOVE: Final = """
import os
def _drop(p):
    try:
        kind = os.stat(p)[0]
    except OSError:
        return
    if kind & 0x4000:
        for e in os.ilistdir(p):
            _drop(p + '/' + e[0])
        os.rmdir(p)
    else:
        os.remove(p)
"""
_TIDY: Final = """
import os
def _tidy(p):
    left = 0
    for e in os.ilistdir(p):
        left += not (e[1] & 0x4000 and _tidy(p + '/' + e[0]))
    if not left:
        os.rmdir(p)
    return not left
"""

Files = Mapping[str, bytes]
"""Name below the board's root, and content."""
Progress = Callable[[str, float, float], None]


@dataclass(frozen=True)
class Changes:
    """What must happen for a board to have the wanted files, and no other in our folders."""

    copy: tuple[str, ...]
    remove: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.copy or self.remove)


def digests(remote: Remote, wanted: Files) -> dict[str, str]:
    """SHA-256 of every file in our folders, and of what is wanted elsewhere, made on the board."""
    roots = [*OURS, *(name for name in wanted if name.partition("/")[0] not in OURS)]
    twins = [
        twin for name in wanted if (twin := _twin(name)) and twin.partition("/")[0] not in OURS
    ]
    found = remote.value(
        f"{_DIGESTS}\nprint('[', end='')\nfor _p in {roots + twins!r}: _walk(_p)\nprint(']')"
    )
    return dict(found)


def compare(wanted: Files, present: Mapping[str, str]) -> Changes:
    """What to copy and what to remove."""
    copy = tuple(
        name for name, data in wanted.items() if present.get(name) != sha256(data).hexdigest()
    )
    return Changes(copy, tuple(name for name in present if name not in wanted))


def apply(
    remote: Remote, wanted: Files, changes: Changes, progress: Progress, erase: tuple[str, ...] = ()
) -> None:
    """Change the board's files, and check what was written; raises RemoteError."""
    remove(remote, (MAIN, *erase, *changes.remove))
    for folder in OURS:
        remote.run(f"{_TIDY}\ntry: _tidy({folder!r})\nexcept OSError: pass")
    names = sorted(name for name in changes.copy if name != MAIN)
    if MAIN in wanted:
        names.append(MAIN)
    _make_folders(remote, names)
    total, done = sum(len(wanted[name]) for name in names), 0

    def wrote(size: int) -> None:
        nonlocal done
        done += size
        progress(f"copying {name}", done, total)

    for name in names:
        remote.write(name, wanted[name], wrote)
    left = compare(wanted, digests(remote, wanted))
    if left:
        raise RemoteError(
            f"{', '.join((*left.copy, *left.remove))} did not arrive as sent: deploy again; if "
            "it happens twice, the board's flash or its line is bad"
        )


def remove(remote: Remote, names: Iterable[str]) -> None:
    """Remove files and folders that are there; raises RemoteError."""
    remote.run(f"{_REMOVE}\nfor _p in {list(names)!r}: _drop(_p)")


def _make_folders(remote: Remote, names: list[str]) -> None:
    folders = {str(p) for name in names for p in PurePosixPath(name).parents if str(p) != "."}
    for folder in sorted(folders):
        remote.run(f"try: os.mkdir({folder!r})\nexcept OSError as _e:\n if _e.errno!=17: raise")


def _twin(name: str) -> str:
    """The other form of a module, which would be taken instead or is left over."""
    path = PurePosixPath(name)
    other = {".py": ".mpy", ".mpy": ".py"}.get(path.suffix)
    return str(path.with_suffix(other)) if other and name != MAIN else ""
