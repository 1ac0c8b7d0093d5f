"""All boots of a unit: few are looked at; of the others only what they amount to is kept.

A unit that starts again and again, or whoever sends in its name, makes up to 65,535 of them. What
is done for a packet, a boot, a second or a request looks at the near ones alone, so it costs the
same however many there were. A boot is set aside when so many others were heard or named since;
what it misses stays counted, and it is near again as soon as anything comes of it.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterator
from typing import Final

from ground.model import Aside, Hole, UnitKey
from ground.stream.boot import Boot, Rest, again
from ground.stream.ends import Ends
from ground.stream.records import Gap

NEAR: Final = 64
"""Boots that are looked at; a unit keeps records of 8 on board."""


class Boots:
    """By number. `near` is for looking; who asks for one by its number takes it near."""

    def __init__(self, unit: UnitKey) -> None:
        self.near: dict[int, Boot] = {}
        self.current = -1
        """The one that runs."""
        self.before = -1
        """The one that ran before."""
        self.hours: dict[int, dict[int, int]] = {}
        """Records that came of the boots set aside, by UTC hour (since 1970) and boot."""
        self._unit = unit
        self._aside: dict[int, Rest] = {}
        self._numbers: list[int] = []
        self._missing = Ends()
        """Of those aside that miss what may still come: onboard time by which it was made."""
        self._counts = {False: 0, True: 0}
        """Records missing of those aside; whether they are lost for good."""
        self._gone: list[Hole] = []
        """What is lost for good of boots that were set aside since it was told last."""
        self._uses = 0

    def __len__(self) -> int:
        return len(self._numbers)

    def __contains__(self, number: int) -> bool:
        return number in self.near or number in self._aside

    def __getitem__(self, number: int) -> Boot:
        boot = self.get(number)
        if boot is None:
            raise KeyError(number)
        return boot

    def peek(self, number: int) -> Boot | None:
        """The boot, for reading: nothing moves by that."""
        boot = self.near.get(number)
        if boot is None and number in self._aside:
            return again(self._aside[number])
        return boot

    def get(self, number: int) -> Boot | None:
        """The boot, which is near from now on."""
        boot = self.near.get(number)
        if boot is None:
            if number not in self._aside:
                return None
            boot = self.near[number] = self._take_back(number)
            self._narrow(number)
        self._use(boot)
        return boot

    def add(self, number: int, boot: Boot) -> None:
        """A boot that nobody knew."""
        insort(self._numbers, number)
        self.near[number] = boot
        self._use(boot)
        self._narrow(number)

    def run(self, number: int) -> None:
        """This one runs now."""
        self.before, self.current = self.current, number

    def items(self) -> Iterator[tuple[int, Boot]]:
        """All of them, for reading; those set aside stay there."""
        yield from self.near.items()
        for number, rest in self._aside.items():
            yield number, again(rest)

    def imperfect(self) -> Iterator[tuple[int, Boot]]:
        """Those that miss or lost something, and the near ones; for reading."""
        yield from self.near.items()
        for number, rest in self._aside.items():
            if rest.gaps:
                yield number, again(rest)

    def next_begins(self, number: int, otherwise_us: int) -> int:
        """Onboard time at which the boot after this one began, as far as it is known."""
        at = bisect_right(self._numbers, number) % len(self._numbers) if self._numbers else -1
        following = self._numbers[at] if at >= 0 else number
        if following == number:
            return otherwise_us
        near = self.near.get(following)
        return near.first_us if near else self._aside[following].first_us

    def count(self, lost: bool) -> int:
        """Records missing that are, or are not, lost for good."""
        near = (
            len(gap)
            for boot in self.near.values()
            for gap in boot.records.gaps
            if gap.lost is lost and not gap.doubted
        )
        return self._counts[lost] + sum(near)

    def lose_aside(self) -> bool:
        """The unit keeps nothing of those set aside; True when that is news."""
        numbers, self._missing = self._missing.numbers(), Ends()
        for number in numbers:
            boot = self._take_back(number)
            boot.lose(0, boot.records.newest)
            self._put_aside(number, boot)
        return bool(numbers)

    def aside(self) -> Aside:
        """What those set aside miss; what they lost for good since the last call is told once."""
        gone, self._gone = tuple(self._gone), []
        return Aside(self._counts[False], self._counts[True], self._missing.latest(), gone)

    def _use(self, boot: Boot) -> None:
        self._uses += 1
        boot.used = self._uses

    def _narrow(self, last: int) -> None:
        """Set aside what nothing came of for longest; what is on board stays near, if it can."""
        while len(self.near) > NEAR:
            kept = (last, self.current, self.before)
            _, _, number = min(
                (boot.on_board, boot.used, number)
                for number, boot in self.near.items()
                if number not in kept
            )
            self._put_aside(number, self.near.pop(number))

    def _put_aside(self, number: int, boot: Boot) -> None:
        for hour, count in boot.hours.items():
            counts = self.hours.setdefault(hour, {})
            counts[number] = counts.get(number, 0) + count
        self._aside[number] = boot.rest()
        for gap in boot.records.gaps:
            if not gap.doubted:
                self._counts[gap.lost] += len(gap)
                if gap.lost:
                    self._gone.append(hole(self._unit, number, boot, gap))
                else:
                    self._missing.add(number, gap.end_us)

    def _take_back(self, number: int) -> Boot:
        boot = again(self._aside.pop(number))
        for gap in boot.records.gaps:
            if not gap.doubted:
                self._counts[gap.lost] -= len(gap)
        self._missing.discard(number)
        return boot


def hole(unit: UnitKey, number: int, boot: Boot, gap: Gap) -> Hole:
    """A gap as everyone sees it: without what was made before the ground heard of the unit."""
    return Hole(
        unit, number, max(gap.first, boot.before), gap.last, gap.start_us, gap.end_us,
        gap.lost, gap.given_up,
    )  # fmt: skip
