"""Rows of numbers of the last seconds, oldest first: a sliding window over one NumPy array."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.intp]


class Window:
    """Rows begin with a time in s; times rise. Grows with what `span_s` holds, and with no more."""

    def __init__(self, span_s: float, width: int) -> None:
        self._span_s = span_s
        self._rows = np.zeros((64, width))
        self._first = self._end = 0

    def __len__(self) -> int:
        return self._end - self._first

    @property
    def rows(self) -> Floats:
        """All of them; valid until the next change."""
        return self._rows[self._first : self._end]

    def add(self, row: Sequence[float] | Floats) -> None:
        """Append a row; nothing is dropped yet."""
        self._make_room(1)
        self._rows[self._end] = row
        self._end += 1

    def extend(self, rows: Floats) -> None:
        """Append rows and drop what is now too old."""
        self._make_room(len(rows))
        self._rows[self._end : self._end + len(rows)] = rows
        self._end += len(rows)
        self._first += int(self.past(self._rows[self._end - 1 : self._end, 0])[0])

    def drop_old(self) -> None:
        """Drop what is too old by the newest row."""
        newest_s = self._rows.item(self._end - 1, 0)
        while newest_s - self._rows.item(self._first, 0) > self._span_s:
            self._first += 1

    def pop_old(self) -> list[list[float]]:
        """The same; returns it."""
        begin = self._first
        self.drop_old()
        return self._rows[begin : self._first].tolist() if begin < self._first else []

    def past(self, times_s: Floats, times: Floats | None = None) -> Counts:
        """How many rows (or of rising `times`) are too old at each of rising times."""
        kept = self.rows[:, 0] if times is None else times
        count = np.searchsorted(kept, times_s - self._span_s)
        # A difference and its reverse may round apart by one step.
        last = len(kept) - 1
        count -= (count > 0) & ~(times_s - kept[np.maximum(count - 1, 0)] > self._span_s)
        count += (count <= last) & (times_s - kept[np.minimum(count, last)] > self._span_s)
        return count

    def since(self, time_s: float) -> Floats:
        """Rows of this time and later."""
        rows = self.rows
        return rows[np.searchsorted(rows[:, 0], time_s) :]

    def clear(self) -> None:
        """Drop all."""
        self._first = self._end = 0

    def _make_room(self, more: int) -> None:
        if self._end + more <= len(self._rows):
            return
        kept = len(self)
        size = len(self._rows)
        while size < 2 * (kept + more):
            size *= 2
        rows = self._rows if size == len(self._rows) else np.zeros((size, self._rows.shape[1]))
        rows[:kept] = self.rows.copy()
        self._rows, self._first, self._end = rows, 0, kept
