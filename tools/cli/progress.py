"""A progress bar on standard error; none where that is no terminal."""

from __future__ import annotations

import shutil
import sys
import time
from typing import Final, TextIO

_REDRAW_S: Final = 0.1


class Progress:
    """Call with (words, done, total); `close` removes the bar."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._shown = self._stream.isatty()
        self._drawn_s = 0.0

    def __call__(self, words: str, done: float, total: float) -> None:
        """Draw it, at most ten times a second."""
        now_s = time.monotonic()
        if not self._shown or now_s - self._drawn_s < _REDRAW_S:
            return
        self._drawn_s = now_s
        width = max(10, min(40, shutil.get_terminal_size().columns - len(words) - 10))
        share = min(1.0, done / total) if total else 1.0
        filled = "█" * round(width * share)
        self._stream.write(f"\r\033[K{words} {filled:░<{width}} {share:4.0%}")
        self._stream.flush()

    def close(self) -> None:
        """Leave the line empty."""
        if self._shown:
            self._stream.write("\r\033[K")
            self._stream.flush()
