"""Onboard time to UTC for a unit that only knows the seconds since its boot.

Every live packet, ST[09] time reports among them, says when it was made and we know when it came:
received = offset + rate·onboard + delay, with delay ≥ 0. So the true line lies on the lower edge of
the points, however many of them are late. The edge of their lower convex hull under the median
point is that line (Moon, Skelly & Towsley, INFOCOM 1999), with a slope that a clock can have: one
crystal's drift beside the speed at which the unit is known to run. A simulated unit may run at
another speed than anybody told; that is learnt where nothing else explains the points.
"""

from __future__ import annotations

from collections import deque
from statistics import median
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ground.stream.edge import FEWEST, Cloud
from protocol.schema.timescale import LAST_US, in_calendar

BIN_US: Final = 1_000_000
"""Of one second's points only the least delayed counts: a burst of old packets is one point."""
WINDOW: Final = 600
"""Points kept, at one a second: 10 minutes."""
RATE_SPAN_US: Final = 10_000_000
"""Points must span this much receive time before the rate is taken from them."""
DRIFT_MAX: Final = 1e-3
"""No clock drifts more; a crystal does by 1e-4."""
SPEED_SHARE: Final = 0.02
"""A rate that is wrong by more is no drift: the unit runs at another speed …"""
SPEED_TIMES: Final = 10
"""… when its points lie so much nearer to a line of that speed than to one of the speed known."""
RATE_KNOWN: Final = 2e-4
"""A rate is followed once it may be wrong by no more …"""
RATE_POINTS: Final = 30
"""… and rests on so many points; before, the one known so far is better."""

JUMP_US: Final = 2_000_000
"""A packet that comes so much before it can have been made shows a clock that jumped forwards; …"""
JUMP_SHARE: Final = 0.1
"""… with this share of the time since the packet before, by which the rate may be wrong; and only
when it cannot have been made so long after the packet before: else that one was late."""
CADENCE_US: Final = 5_000_000
"""A unit makes packets at least so often, until it has shown how often it does."""

LAST: Final = 5
"""When all of so many points lie above the line, the line is too low."""
LEAST_S: Final = 0.001
"""Nothing here is more exact."""
DRIFT_KNOWN: Final = 1e-4
"""A drift that may be wrong by more is not told."""

Point = tuple[int, int]


class Correlation:
    """Fit over the live packets of one boot. Times in µs; `onboard` is the unit's own clock."""

    def __init__(self, onboard_us: int, received_us: int, rate: float = 1.0) -> None:
        self.rate = rate
        """UTC seconds per onboard second."""
        self._speed = rate
        """The rate without drift, as told."""
        self._learnt = False
        """The rate is another one than could be told: found in the points alone."""
        self._anchor = (onboard_us, received_us)
        self._fitted = False
        self._rate_error = DRIFT_MAX
        self._cadence_us = round(CADENCE_US / rate)
        """Longest onboard time lately from one packet to the next that was made."""
        self._steps_us = 0
        """The same of the present second."""
        self._newest = self._anchor
        self._bin_start_us = received_us
        self._points: deque[Point] = deque([self._anchor], WINDOW)

    def begin(self, onboard_us: int, received_us: int) -> Correlation:
        """A fit of another boot, or after a jump, that begins with the rate of this one."""
        made = Correlation(onboard_us, received_us, self.rate)
        made._fitted, made._speed, made._cadence_us = self._fitted, self._speed, self._cadence_us
        made._rate_error, made._learnt = self._rate_error, self._learnt
        return made

    def live(self, onboard_us: int, received_us: int, made: int = 1) -> None:
        """Take in a live packet, the last of so many that were made since the one before."""
        self._steps_us = max(self._steps_us, (onboard_us - self._newest[0]) // made)
        point = self._newest = (onboard_us, received_us)
        if received_us - self._bin_start_us < BIN_US:
            if self._delay(point) < self._delay(self._points[-1]):
                self._points[-1] = point
        else:
            self._fit()
            self._cadence_us = max(self._steps_us, self._cadence_us * 99 // 100)
            self._steps_us = 0
            self._bin_start_us = received_us
            self._points.append(point)
        if self._delay(point) < 0:
            self._anchor = point

    def plain(self, onboard_us: NDArray[np.int64], received_us: int) -> bool:
        """True when `live_together` may take these: none can show a jump, whatever a fit does."""
        if received_us - self._bin_start_us >= BIN_US:
            span_us = self._points[-1][1] - self._points[0][1]
            if span_us >= RATE_SPAN_US:
                return False
        return not self._fitted or bool(self._delays(onboard_us, received_us).min() >= 0)

    def live_together(self, onboard_us: NDArray[np.int64], received_us: int) -> NDArray[np.int64]:
        """Take in live packets, rising in time, that came at once; UTC of each, as one by one."""
        first_us, rest = int(onboard_us[0]), onboard_us[1:]
        self.live(first_us, received_us)  # a new second may begin with it
        made = np.full(len(onboard_us), self.utc(first_us))
        if not len(rest):
            return made
        self._steps_us = max(self._steps_us, int(np.diff(onboard_us).max()))
        self._newest = (int(rest[-1]), received_us)
        least = self._anchor == self._points[-1] == (first_us, received_us)
        if least and self.rate * int(np.diff(onboard_us).min()) >= 1:
            # Each is less delayed than the one before, and becomes the line's foot.
            self._anchor = self._points[-1] = (int(rest[-1]), received_us)
            made[1:] = in_calendar(received_us)
            return made
        delays = self._delays(rest, received_us)
        if delays.min() >= 0:
            best = int(delays.argmin())
            if delays[best] < self._delay(self._points[-1]):
                self._points[-1] = (int(rest[best]), received_us)
            made[1:] = np.clip(received_us - delays, 0, LAST_US)
            return made
        for k, one_us in enumerate(rest.tolist(), start=1):
            self.live(one_us, received_us)
            made[k] = self.utc(one_us)
        return made

    def jumped(self, onboard_us: int, received_us: int, made: int = 1) -> bool:
        """True when the unit's clock was set before it made this live packet: another line begins.

        Within a boot it never runs back. A jump back by less than the time since the packet before
        looks like a delay, and one forwards cannot be told before the rate is known. A backlog that
        arrives at once looks like one forwards, each packet being less late than the one before;
        but then no more time has passed on board than so many packets (`made`) take.
        """
        last_us, last_received_us = self._newest
        if onboard_us < last_us:
            return True
        margin_us = JUMP_US + JUMP_SHARE * (received_us - last_received_us)
        early_us = -self._delay((onboard_us, received_us))
        usual_us = made * max(self._cadence_us, self._steps_us)
        skipped_us = self.rate * (onboard_us - last_us - usual_us)
        return self._fitted and min(early_us, skipped_us) > margin_us

    def utc(self, onboard_us: int) -> int:
        """UTC of an onboard time, within the calendar."""
        return in_calendar(self._line(onboard_us))

    @property
    def line(self) -> tuple[int, int, float]:
        """Onboard and receive time of a point on the line, and its rate: all that dates by it."""
        return *self._anchor, self.rate

    @property
    def last_line(self) -> tuple[int, int, float]:
        """The same, by the onboard time of the newest packet."""
        onboard_us = self._newest[0]
        return onboard_us, self._line(onboard_us), self.rate

    @property
    def offset_s(self) -> float:
        """UTC minus onboard time at the newest point, in s."""
        onboard_us = self._points[-1][0]
        return (self._line(onboard_us) - onboard_us) / 1e6

    @property
    def accuracy_s(self) -> float | None:
        """How much UTC at the newest point may be wrong, in s; None: nobody knows yet.

        The median delay of the window over its fastest packets, how late all of the last ones are,
        and what the drift may have added since the window's middle. A delay that all packets share
        cannot be seen, and is not in it.
        """
        points = list(self._points)
        if len(points) < FEWEST or not self._spans():
            return None
        spread_us = max(median(self._delay(p) for p in points), 0.0) * (1 + FEWEST / len(points))
        late_us = max(min(self._delay(p) for p in points[-LAST:]), 0)
        ahead_us = self.rate * (points[-1][0] - points[len(points) // 2][0])
        return max((spread_us + late_us + self._rate_error * ahead_us) / 1e6, LEAST_S)

    @property
    def drift_ppm(self) -> float | None:
        """How much faster than it should the unit's clock runs; None: not known to 100 ppm yet."""
        known = self._rate_error <= DRIFT_KNOWN and not self._learnt
        return (self._speed / self.rate - 1) * 1e6 if known else None

    @property
    def drift_accuracy_ppm(self) -> float | None:
        """How much that may be wrong."""
        return None if self.drift_ppm is None else self._rate_error * 1e6

    def _delays(self, onboard_us: NDArray[np.int64], received_us: int) -> NDArray[np.int64]:
        turn = np.rint(self.rate * (onboard_us - self._anchor[0])).astype(np.int64)
        made: NDArray[np.int64] = received_us - (self._anchor[1] + turn)
        return made

    def _delay(self, point: Point) -> int:
        return point[1] - self._line(point[0])

    def _line(self, onboard_us: int) -> int:
        return self._anchor[1] + round(self.rate * (onboard_us - self._anchor[0]))

    def _spans(self) -> bool:
        return self._points[-1][1] - self._points[0][1] >= RATE_SPAN_US

    def _fit(self) -> None:
        if not self._spans():
            return
        cloud = Cloud(self._points)
        rate = cloud.edge()
        if rate is None:
            return
        error, away = cloud.rate_error(rate), abs(rate / self._speed - 1)
        strange = away > max(SPEED_SHARE, SPEED_TIMES * error)
        if strange and SPEED_TIMES * cloud.spread_us(rate) < cloud.spread_us(self._speed):
            self._learnt = True
        elif away <= SPEED_SHARE and self._learnt:
            self._learnt, self.rate, self._rate_error = False, self._speed, DRIFT_MAX
        if self._learnt:
            self.rate, self._rate_error = rate, error
        elif len(cloud) >= RATE_POINTS and error < RATE_KNOWN:
            low, high = self._speed * (1 - DRIFT_MAX), self._speed * (1 + DRIFT_MAX)
            self.rate, self._rate_error = min(max(rate, low), high), error
        self._anchor = cloud.lowest(self.rate)
        self._fitted = True
