"""When a unit was found elsewhere than where it seemed: twice within an hour, and two send."""

from __future__ import annotations

from collections import deque

from ground.stream.course import Course


class Division:
    """The last two times."""

    def __init__(self) -> None:
        self.found_us: deque[int] = deque(maxlen=2)
        """Ground times at which it was found."""
        self._undivided_us: deque[int] = deque(maxlen=2)
        """Of each: when the last live packet before that had come."""

    @property
    def undivided_until_us(self) -> int | None:
        """Ground time until which only one sent in its name, None when always one did."""
        return self._undivided_us[0] if self._undivided_us else None

    def found(self, course: Course, received_us: int) -> None:
        """The unit goes on there, and not where the live packets were."""
        self.found_us.append(received_us)
        self._undivided_us.append(course.undivided_us or course.began_us)
