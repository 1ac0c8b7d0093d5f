"""Packets that came together and simply go on: taken in as one, as if one by one.

The state that they leave and the times that they get are the same to the last bit; whatever is not
a plain continuation goes the way of single packets (UnitStream.accept).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ground.receive.run import Run
from ground.stream.boot import Boot
from ground.stream.dating import FAR_US, is_right
from ground.stream.unit import UnitStream
from protocol.schema.timescale import tai_us_to_unix_us
from protocol.wire import cuc

LEAP_US: Final = FAR_US // 2
"""A leap of the clock, which is looked at for itself."""


def goes_on(stream: UnitStream, run: Run, link: str, received_us: int) -> int:
    """With how many packets a run goes on where the unit's present boot has come to; live ones."""
    boot_id = int(run.table["boot_id"][0])
    boot = stream.boots.near.get(boot_id)
    if boot is None or boot_id != stream.current or boot.correlation is None or stream.silent:
        return 0
    if link not in stream.links:
        return 0
    status, time_us = boot.frontier_time
    next_record = boot.frontier + 1
    if boot.records.newest + 1 != next_record or status != int(run.table["pus"][0]) & 15:
        return 0
    request = stream.refill.request
    if request is not None and request.boot == boot_id and request.last >= next_record:
        return 0
    good = run.table["record"] == next_record + np.arange(len(run))
    steps_us = np.diff(run.time_us, prepend=time_us)
    good &= (steps_us > 0) & (steps_us * boot.correlation.rate < LEAP_US)
    count = len(good) if good.all() else int(good.argmin())
    count = min(count, boot.records.room())
    if not count:
        return 0
    own_us = _own_time(run.part(0, count))
    plain = boot.correlation.plain(own_us, received_us) and _is_right(boot, own_us, received_us)
    return count if plain else 0


def take(stream: UnitStream, run: Run, link: str, received_us: int) -> NDArray[np.int64]:
    """Take in a run that goes on; UTC of each packet's onboard time."""
    boot = stream.boots[stream.current]
    assert boot.correlation is not None
    time_us = run.time_us
    own_us = _own_time(run)
    onboard_us = boot.correlation.live_together(own_us, received_us)
    if _is_tai(run):
        onboard_us = own_us
    last = int(run.table["record"][-1])
    boot.records.go_on(last, int(onboard_us[-1]))
    stream.repeats_of(stream.current).remember_all(run.table)
    boot.count_all(onboard_us)
    boot.frontier = last
    boot.frontier_time = (boot.frontier_time[0], int(time_us[-1]))
    stream.link = link
    stream.live_received_us = received_us
    stream.live_onboard_us = int(onboard_us[-1])
    stream.dating.goes_on(stream.live_onboard_us, received_us)
    stream.packets += len(run)
    return onboard_us


def _is_right(boot: Boot, own_us: NDArray[np.int64], received_us: int) -> bool:
    """True when its clock can be right at all of them, wherever the fit comes to lie meanwhile."""
    assert boot.correlation is not None
    if boot.frontier_time[0] != cuc.STATUS_TAI:
        return boot.fit_status == boot.frontier_time[0]
    onboard_us, line_us, _ = boot.correlation.line
    delays_us = (line_us - onboard_us, received_us - int(own_us[0]), received_us - int(own_us[-1]))
    return boot.fit_status == cuc.STATUS_TAI and all(map(is_right, delays_us))


def _is_tai(run: Run) -> bool:
    return int(run.table["pus"][0]) & 15 == cuc.STATUS_TAI


def _own_time(run: Run) -> NDArray[np.int64]:
    """The unit's own clock, TAI as UTC: protocol.schema.timescale of each."""
    time_us = run.time_us
    if not _is_tai(run):
        return time_us
    first, last = (tai_us_to_unix_us(int(t)) for t in (time_us[0], time_us[-1]))
    if first - int(time_us[0]) == last - int(time_us[-1]):
        return time_us + (first - int(time_us[0]))
    return np.array([tai_us_to_unix_us(int(t)) for t in time_us], np.int64)
