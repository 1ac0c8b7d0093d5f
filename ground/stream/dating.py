"""When each packet of a unit was made, in UTC, and whether that can be."""

from __future__ import annotations

from typing import Final

from ground.stream.boot import Boot
from ground.stream.boots import Boots
from ground.stream.correlation import Correlation
from protocol.schema.decode import Decoded
from protocol.schema.timescale import in_calendar, tai_us_to_unix_us
from protocol.wire import cuc

FAR_US: Final = 86_400_000_000
"""A clock that leaps by more than a day, against the ground's, is believed at the second packet."""

EARLY_US: Final = 10_000_000
"""A packet that says it was made so long after it came was made when it came."""
LATE_US: Final = 30 * FAR_US
"""Longer nothing waits for its link: a packet that says so was made when it came."""

Moment = tuple[int, int]
"""Onboard time (UTC) and receive time, µs."""


class Dating:
    """The clocks of a unit's boots."""

    def __init__(self, boots: Boots, rate: float) -> None:
        self.newest: Moment | None = None
        """Of the newest live packet whose time is believed, by the unit's own clock."""
        self.live_us = 0
        """When the newest live packet was made, by the ground's clock where its own is wrong."""
        self.leapt: Moment | None = None
        """Of the newest live packet, when its time is not believed."""
        self.told: Moment | None = None
        """The last leap."""
        self._boots = boots
        self._fit = Correlation(0, 0, rate)
        """Whose rate the next boot begins with."""

    def reboots(self) -> None:
        """Another boot begins, with the rate of the one that runs."""
        boot = self._boots.near.get(self._boots.current)
        if boot and boot.correlation:
            self._fit = boot.correlation

    def pace_us(self, boot: Boot, time_status: int, time_us: int) -> int:
        """Onboard time in UTC but for a constant."""
        return round((boot.correlation or self._fit).rate * _own_us(time_status, time_us))

    def live(self, boot: Boot, decoded: Decoded, received_us: int) -> bool:
        """Take in a live packet; False when its time cannot be."""
        own_us = own_time(decoded)
        if decoded.time_status == cuc.STATUS_TAI and not self._believes(own_us, received_us):
            return False
        if boot.correlation is None or boot.fit_status != decoded.time_status:
            if boot.correlation is not None:
                boot.jump(decoded.record, boot.correlation)
            fit = Correlation(0, 0) if decoded.time_status == cuc.STATUS_TAI else self._fit
            boot.correlation = fit.begin(own_us, received_us)
            boot.fit_status = decoded.time_status
            boot.first_us = min(boot.first_us, self.utc(boot, decoded))
        elif boot.correlation.jumped(own_us, received_us, decoded.record - boot.frontier):
            boot.jump(decoded.record, boot.correlation)
            boot.correlation = boot.correlation.begin(own_us, received_us)
        else:
            boot.correlation.live(own_us, received_us, decoded.record - boot.frontier)
        onboard_us = self.utc(boot, decoded)
        if decoded.time_status != cuc.STATUS_TAI and not self._believes(onboard_us, received_us):
            return False
        self.live_us = onboard_us
        return True

    def goes_on(self, onboard_us: int, received_us: int) -> None:
        """Live packets came together, without a leap; the last one was made then."""
        self.newest, self.leapt = (onboard_us, received_us), None
        self.live_us = onboard_us

    def utc(self, boot: Boot, decoded: Decoded) -> int:
        """UTC of its onboard time (µs)."""
        tai = decoded.time_status == cuc.STATUS_TAI
        if tai and (boot.correlation is None or boot.fit_status != cuc.STATUS_TAI):
            return own_time(decoded)
        if boot.correlation is None:
            # Never live: its tail, asked for first, lies at the latest where the next boot begins.
            ends_us = self._boots.next_begins(decoded.boot_id, self.live_us)
            boot.correlation = self._fit.begin(decoded.time_us, ends_us)
        own_us = own_time(decoded)
        onboard_us, utc_us, rate = boot.correlation.line
        if boot.before_jumps:  # few have any
            before = (j.line for j in boot.before_jumps if j.dates(decoded.record, own_us))
            onboard_us, utc_us, rate = next(before, boot.correlation.line)
        if tai:  # its seconds are UTC's; at most they are counted from elsewhere
            delay_us = utc_us - onboard_us
            return own_us if is_right(delay_us) else in_calendar(own_us + delay_us)
        return in_calendar(utc_us + round(rate * (own_us - onboard_us)))

    @property
    def ahead_us(self) -> int | None:
        """How far the running boot's own UTC is ahead of what its packets' receipt says."""
        boot = self._boots.near.get(self._boots.current)
        if boot is None or boot.correlation is None or boot.fit_status != cuc.STATUS_TAI:
            return None
        onboard_us, received_us, _ = boot.correlation.line
        return onboard_us - received_us

    def made_us(self, boot: Boot, decoded: Decoded) -> int:
        """When it was made by the ground's clock (µs), whatever the unit takes for the time."""
        assert boot.correlation is not None
        return boot.correlation.utc(own_time(decoded))

    def placed(self, onboard_us: int, in_time: bool) -> int:
        """The time that may bound what is missing: none that is not believed, or lies far ahead."""
        if self.newest and (not in_time or onboard_us > self.live_us + FAR_US):
            return self.live_us
        return onboard_us

    def _believes(self, onboard_us: int, received_us: int) -> bool:
        now = (onboard_us, received_us)
        if self.newest is None or any(_follows(now, m) for m in (self.newest, self.leapt) if m):
            self.newest, self.leapt = now, None
            return True
        self.leapt = self.told = now
        return False


def _follows(now: Moment, before: Moment) -> bool:
    """A clock goes no faster than the ground's and not back, both but for a day."""
    passed_us = max(now[1] - before[1], 0)
    return -FAR_US <= now[0] - before[0] <= passed_us + FAR_US


def is_right(delay_us: int) -> bool:
    """False for a TAI packet that no delay explains: so long after it was made it came."""
    return -EARLY_US <= delay_us <= LATE_US


def own_time(decoded: Decoded) -> int:
    """The unit's own clock (µs), TAI as UTC."""
    return _own_us(decoded.time_status, decoded.time_us)


def _own_us(time_status: int, time_us: int) -> int:
    return tai_us_to_unix_us(time_us) if time_status == cuc.STATUS_TAI else time_us
