"""Packets of one size together wherever they stand, and all of it in its order again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ground.receive.run import LONGEST, SHORTEST, Run

Spans = NDArray[np.int64]
"""Begin and end of pieces of some bytes, rising, shape (pieces, 2)."""
Opening = Callable[[NDArray[np.int64], int], tuple[Run, NDArray[np.bool_]] | None]
"""Of pieces (their numbers) of one size: the packets, and which of them are whole and alike."""


def grouped(data: bytes, spans: Spans, opening: Opening) -> Iterator[Run | bytes]:
    """Runs of like packets, every other piece as it stands, in order."""
    sizes = spans[:, 1] - spans[:, 0]
    in_run = np.zeros(len(spans), np.int64)
    """Which run a piece is a packet of, 0: none."""
    place = np.zeros(len(spans), np.int64)
    runs: list[Run] = []
    known, counts = np.unique(sizes, return_counts=True)
    for size in known[counts >= SHORTEST].tolist():
        these = np.flatnonzero(sizes == size)
        found = opening(these, size)
        if found is not None:
            runs.append(found[0])
            in_run[these[found[1]]] = len(runs)
            place[these] = np.arange(len(these))
    cuts = np.flatnonzero((in_run[1:] != in_run[:-1]) | (np.diff(place) != 1)) + 1
    edges = [0, *cuts.tolist(), len(spans)] if len(spans) else [0]
    for first, end in pairwise(edges):
        if in_run[first]:
            at = int(place[first])
            yield from _parts(runs[in_run[first] - 1].part(at, at + end - first))
        else:
            yield from (data[begin:stop] for begin, stop in spans[first:end].tolist())


def _parts(run: Run) -> Iterator[Run]:
    for at in range(0, len(run), LONGEST):
        yield run.part(at, min(at + LONGEST, len(run)))
