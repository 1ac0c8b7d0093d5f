"""Numbers that follow each other, as first and last."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def spans(numbers: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Neighbours as first and last, rising; in any order, equal ones once."""
    each = np.unique(numbers)
    cuts = np.flatnonzero(np.diff(each) != 1) + 1
    return [(int(part[0]), int(part[-1])) for part in np.split(each, cuts) if len(part)]
