"""Damages a database so that one of its trees of pages never ends, or a value holds itself.

The format: https://www.sqlite.org/fileformat2.html#b_tree_pages
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

PAGE: Final = 4096
LEVELS: Final = 14
"""SQLite gives up below twenty."""
_TABLE, _INDEX = 0x05, 0x02
"""Types of interior pages; leaves have 8 more."""


def roots(path: Path) -> dict[str, int]:
    """The first page of each table and index, from 1."""
    with closing(sqlite3.connect(path)) as db:
        words = "SELECT name, rootpage FROM sqlite_master WHERE rootpage > 0"
        return {"sqlite_master": 1} | dict(db.execute(words))


def tangle(path: Path, root: int) -> None:
    """Put levels of pages between a root and what was below it, each many times in the one above.

    No page is below itself: SQLite finds nothing wrong while it reads, and reads the same rows
    billions of times.
    """
    octets = bytearray(path.read_bytes())
    pages = len(octets) // PAGE
    begins = 100 if root == 1 else 0
    old = bytes(octets[(root - 1) * PAGE : root * PAGE])
    kind = old[begins] & ~8
    moved = _moved(old, begins)
    cell = _interior(_cell(moved), moved[0])
    for level in range(LEVELS):
        octets += _many(kind, cell, pages + level + 2)
    octets += moved
    top = _many(kind, cell, pages + 1, begins)
    octets[(root - 1) * PAGE + begins : root * PAGE] = top[begins:]
    octets[28:32] = (len(octets) // PAGE).to_bytes(4, "big")
    path.write_bytes(octets)


def below_itself(path: Path, root: int) -> None:
    """Make a root's last child the root itself."""
    octets = bytearray(path.read_bytes())
    at = (root - 1) * PAGE
    assert octets[at] in (_TABLE, _INDEX), "has no pages below"
    octets[at + 8 : at + 12] = root.to_bytes(4, "big")
    path.write_bytes(octets)


def _many(kind: int, cell: bytes, child: int, begins: int = 0) -> bytes:
    """An interior page all of whose cells lead to one child."""
    cell = child.to_bytes(4, "big") + cell[4:]
    count = min((PAGE - begins - 12) // (len(cell) + 2), 100)
    content = PAGE - count * len(cell)
    head = bytes([kind]) + b"\0\0" + count.to_bytes(2, "big") + content.to_bytes(2, "big") + b"\0"
    places = b"".join((content + k * len(cell)).to_bytes(2, "big") for k in range(count))
    page = bytes(begins) + head + child.to_bytes(4, "big") + places
    return page.ljust(content, b"\0") + cell * count


def _moved(page: bytes, begins: int) -> bytes:
    """The first page's tree on a page without the file's header."""
    if not begins:
        return page
    size = 8 if page[begins] & 8 else 12
    size += 2 * int.from_bytes(page[begins + 3 : begins + 5], "big")
    return page[begins : begins + size].ljust(begins + size, b"\0") + page[begins + size :]


def _cell(page: bytes) -> bytes:
    """From the first cell on."""
    size = 8 if page[0] & 8 else 12
    return page[int.from_bytes(page[size : size + 2], "big") :]


def _interior(cell: bytes, kind: int) -> bytes:
    """The same as a cell of an interior page: a child, then the key."""
    if kind & ~8 == _TABLE:
        return bytes(4) + b"\x7f"  # a key that is above few
    cell = cell[4:] if kind == _INDEX else cell
    size, used = _varint(cell)
    most, least = (PAGE - 12) * 64 // 255 - 23, (PAGE - 12) * 32 // 255 - 23
    held = size
    if size > most:
        held = least + (size - least) % (PAGE - 4)
        held = (held if held <= most else least) + 4  # with the page on which it goes on
    return bytes(4) + cell[: used + held]


def _varint(octets: bytes) -> tuple[int, int]:
    """Value, and bytes that it takes."""
    value = 0
    for k in range(9):
        value = value << 7 | octets[k] & 0x7F
        if octets[k] < 0x80:
            break
    return value, k + 1
