"""Foreign words on a terminal: a file's text never moves the cursor or forges a line of ours."""

from __future__ import annotations

from typing import Final

SHOWN: Final = 1000
"""Characters of one line."""


def one_line(text: str) -> str:
    """The text with everything that does not print as `?`, and not too long."""
    return "".join(c if c.isprintable() else "?" for c in text)[:SHOWN]
