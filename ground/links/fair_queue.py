"""A queue in which nobody waits behind the flood of another."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")


class FairQueue(asyncio.Queue[T]):
    """Items of one `lane` leave in their order, the lanes take turns.

    `crowd_out`: where it is full, an item of a shorter lane takes the place of the newest one of
    the longest; `lost` is called for each that found no place or lost it.
    """

    def __init__(
        self,
        maxsize: int,
        lane: Callable[[T], Hashable],
        *,
        crowd_out: bool = False,
        lost: Callable[[], None] = lambda: None,
    ) -> None:
        self._lane = lane
        self._crowd_out = crowd_out
        self._lost = lost
        super().__init__(maxsize)

    def put_nowait(self, item: T) -> None:
        """Raises QueueFull where there is no room for it."""
        if self._crowd_out and self.full():
            self._lost()
            longest = max(self._lanes.values(), key=len)
            if len(longest) <= len(self._lanes.get(self._lane(item), ())) + 1:
                raise asyncio.QueueFull
            longest.pop()
            self._size -= 1
        super().put_nowait(item)

    def qsize(self) -> int:
        """Items of all lanes."""
        return self._size

    # What follows is what asyncio.Queue leaves to its subclasses; its `empty` looks at `_queue`.

    def empty(self) -> bool:
        """True when nothing waits."""
        return not self._size

    def _init(self, _maxsize: int) -> None:
        self._lanes: OrderedDict[Hashable, deque[T]] = OrderedDict()
        self._size = 0

    def _put(self, item: T) -> None:
        self._lanes.setdefault(self._lane(item), deque()).append(item)
        self._size += 1

    def _get(self) -> Any:
        lane, waiting = self._lanes.popitem(last=False)
        item = waiting.popleft()
        self._size -= 1
        if waiting:
            self._lanes[lane] = waiting
        return item
