"""Failed tries cost time: after a few free ones the wait doubles with each."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from ground.access.errors import TooManyTriesError

USER_FREE: Final = 5
ADDRESS_FREE: Final = 20
"""One address can stand for a whole control room."""
WAIT_MAX_S: Final = 900.0
"""Longest wait: a guesser gets about a hundred tries a day, and nobody is locked out for good."""
FORGET_S: Final = 86_400.0
KEYS_MAX: Final = 10_000
"""Names and addresses remembered; the oldest goes first, so that made-up ones fill no memory."""


@dataclass
class _Failures:
    count: int = 0
    last_s: float = 0.0


class Throttle:
    """Counts tries of a key; `free` of them cost nothing. Times are monotonic seconds."""

    def __init__(self, free: int) -> None:
        self._free = free
        self._failures: OrderedDict[str, _Failures] = OrderedDict()

    def check(self, key: str, now_s: float) -> None:
        """Raise TooManyTriesError while the key has to wait."""
        held = self._failures.get(key)
        if held is None:
            return
        if now_s - held.last_s >= FORGET_S:
            del self._failures[key]
            return
        wait_s = min(2.0 ** (held.count - self._free), WAIT_MAX_S)
        left_s = held.last_s + wait_s - now_s
        if held.count >= self._free and left_s > 0:
            raise TooManyTriesError(left_s)

    def charge(self, key: str, now_s: float) -> None:
        """Count a try as failed, before it is known: many at once gain nothing."""
        held = self._failures.setdefault(key, _Failures())
        held.count += 1
        held.last_s = now_s
        self._failures.move_to_end(key)
        if len(self._failures) > KEYS_MAX:
            self._failures.popitem(last=False)

    def forgive(self, key: str) -> None:
        """It was the right password: the key begins anew."""
        self._failures.pop(key, None)

    def refund(self, key: str) -> None:
        """That one try was right; earlier failures of the key stay."""
        if held := self._failures.get(key):
            held.count -= 1
