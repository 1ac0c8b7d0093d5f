"""What strangers can make the server say stands in the log once a minute, with how often it was."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final

FOLD_S: Final = 60.0
KINDS_MAX: Final = 100
"""Different sayings that are remembered."""
SERVER: Final = "uvicorn.error"
"""Name of the server's own log."""
_BAD_TEXT: Final = "Invalid UTF-8 sequence"
"""How the server begins what it says, with a traceback, of a WebSocket's text that is none."""


class Folding(logging.Filter):
    """Lets one saying of a kind through in a minute; the next one tells how many were like it."""

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock_s = clock_s
        self._told: dict[str, tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """False for one that is folded. What is our own mistake passes whole."""
        if str(record.msg).startswith(_BAD_TEXT):
            record.levelno, record.levelname = logging.WARNING, "WARNING"
            record.exc_info = None
        if record.levelno != logging.WARNING:
            return True
        kind, now_s = str(record.msg), self._clock_s()
        since_s, folded = self._told.get(kind, (now_s - FOLD_S, 0))
        if now_s - since_s < FOLD_S:
            self._told[kind] = since_s, folded + 1
            return False
        if len(self._told) >= KINDS_MAX:
            self._told.clear()
        self._told[kind] = now_s, 0
        if folded:
            record.msg = f"{kind} ({folded} more such since it was last told)"
        return True


def quieten() -> None:
    """Fold what the server says; again and again is the same as once."""
    log = logging.getLogger(SERVER)
    if not any(isinstance(one, Folding) for one in log.filters):
        log.addFilter(Folding())
