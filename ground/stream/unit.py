"""One unit's telemetry: its boots, what is missing of them, their time, whether it is live."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from ground.model import Hole, Packet, UnitKey
from ground.stream.correlation import Correlation
from ground.stream.records import Records
from ground.stream.refill import Refill
from protocol.schema.bodies.storage import KEPT_BOOTS
from protocol.schema.decode import Decoded
from protocol.schema.timescale import tai_us_to_unix_us
from protocol.wire import cuc

DROPPED_ATTEMPTS: Final = 2
"""Unanswered requests after which records of a dropped range are lost: others there may be kept."""
STRAY_US: Final = 5_000_000
"""An older boot id is a new start only when nothing has come of the present one for this long."""
CLEARLY_US: Final = 500_000
"""More than time correlation may be wrong by."""
REMEMBERED: Final = 8192
"""Records of a boot whose checksums are kept, to tell a repeat from another unit's packet."""
_ENDS: Final = {"completed": False, "refused": True, "failed": True}


@dataclass(slots=True)
class Boot:
    """One boot of a unit."""

    records: Records
    first_us: int
    """Onboard time (UTC) of the first packet that came, or when the boot was told of."""
    start_us: int = 0
    """Onboard time (UTC) of the last packet of the boots before."""
    before: int = 0
    """Records below this were made before the ground ever heard of the unit."""
    correlation: Correlation | None = None
    on_board: bool = False
    """The unit's storage report names it."""
    dropped: list[tuple[int, int]] = field(default_factory=list)
    frontier: int = -1
    """Highest record that came."""
    frontier_time: tuple[int, int] = (0, 0)
    """Its time status and time."""
    identity: bytes = b""
    """Its record 0, by which two boots of one number are told apart."""
    acknowledged: tuple[int, bytes] | None = None
    checks: dict[int, bytes] = field(default_factory=dict)
    """CRC-16 of the last records taken in."""

    def remember(self, decoded: Decoded) -> None:
        """Note a record that is taken in."""
        self.checks[decoded.record] = decoded.data[-2:]
        if len(self.checks) > REMEMBERED:
            del self.checks[next(iter(self.checks))]


class UnitStream:
    """State of one unit's stream; a fold over its packets in the order in which they came."""

    def __init__(self, unit: UnitKey, rate: float = 1.0) -> None:
        self.unit = unit
        self.link = ""
        self.boots: dict[int, Boot] = {}
        self.current = -1
        """Boot id of the newest boot."""
        self.refill = Refill()
        self.packets = 0
        self.silent = True
        self.live_received_us = 0
        self.live_onboard_us = 0
        self.holes_changed = False
        self.two_boots_of_one_number: int | None = None
        self._before = -1
        """The boot that was current before."""
        self._rate = rate

    def accept(self, decoded: Decoded, link: str, received_us: int, now_us: int) -> Packet | None:
        """Take a packet in; None when it was here already."""
        boot = self._boot(decoded, received_us)
        live = decoded.record > boot.frontier and self._is_current(boot, decoded)
        if live:
            self._correlate(boot, decoded, received_us)
        onboard_us = self._utc(boot, decoded)
        tail = boot.records.newest
        if not boot.records.add(decoded.record, onboard_us):
            self._compare(boot, decoded)
            return None
        boot.remember(decoded)
        self.holes_changed |= decoded.record != tail + 1
        late = self._late(boot, decoded, onboard_us)
        if decoded.record == 0:
            boot.identity = decoded.data
        if decoded.record > boot.frontier:
            boot.frontier = decoded.record
            boot.frontier_time = (decoded.time_status, decoded.time_us)
        if live:
            self.link = link
            self.live_received_us = received_us
            self.live_onboard_us = max(self.live_onboard_us, onboard_us)
        self.packets += 1
        self._learn(decoded, live, onboard_us, now_us)
        return Packet(self.unit, decoded, link, received_us, onboard_us, late)

    def overdue(self, limit_us: int, started_us: int = 0) -> bool:
        """True when nothing live has come since `limit_us`, though the ground was listening."""
        return 0 < max(self.live_received_us, started_us) < limit_us

    def on_board(self) -> dict[int, Records]:
        """Boots of which the unit still has records."""
        return {key: boot.records for key, boot in self.boots.items() if boot.on_board}

    def given_up(self) -> list[tuple[int, int, int]]:
        """(boot, first, last) of dropped records that were asked for in vain."""
        for boot in self.boots.values():
            boot.dropped = [r for r in boot.dropped if any(boot.records.open(*r))]
        return [
            (key, max(gap.first, first), min(gap.last, last))
            for key, boot in self.boots.items()
            for first, last in boot.dropped
            for gap in boot.records.open(first, last)
            if gap.attempts >= DROPPED_ATTEMPTS
        ]

    def lose(self, boot: int, first: int, last: int) -> None:
        """These records are no longer on board."""
        known = self.boots[boot]
        forgotten = known.records.forget(first, min(last, known.before - 1))
        if known.records.lose(max(first, known.before), last) or forgotten:
            self.holes_changed = True

    def acknowledgements(self) -> Iterator[tuple[int, int, bytes]]:
        """(boot, cumulative, bitmap) that the unit has not been told yet."""
        for key, boot in self.boots.items():
            if boot.on_board or key == self.current:
                known = boot.records.acknowledgement()
                if known != boot.acknowledged:
                    boot.acknowledged = known
                    yield key, *known

    def holes(self) -> tuple[Hole, ...]:
        """What the ground misses since it first heard of the unit.

        Until a new boot has sent its storage report nobody knows how the one before ended: that
        counts as a hole of one record.
        """
        unknown: tuple[Hole, ...] = ()
        now = self.boots.get(self.current)
        if now is not None and not now.on_board and self._before in self.boots:
            end = self.boots[self._before].records.newest + 1
            unknown = (Hole(self.unit, self._before, end, end, now.start_us, now.first_us, False),)
        return unknown + tuple(
            Hole(self.unit, key, max(g.first, boot.before), g.last, g.start_us, g.end_us, g.lost)
            for key, boot in self.boots.items()
            for g in boot.records.gaps
            if g.last >= boot.before
        )

    def count(self, lost: bool) -> int:
        """Records missing that are, or are not, lost for good."""
        return sum(
            len(g) for boot in self.boots.values() for g in boot.records.gaps if g.lost is lost
        )

    @property
    def correlation(self) -> Correlation | None:
        """The fit of the newest boot."""
        boot = self.boots.get(self.current)
        return boot.correlation if boot else None

    def _boot(self, decoded: Decoded, received_us: int) -> Boot:
        known = self.boots.get(decoded.boot_id)
        if known is None:
            if self.correlation:
                self._rate = self.correlation.rate
            before = 0 if self.boots else decoded.record
            start_us = self.live_onboard_us
            known = Boot(Records(start_us), received_us, start_us, before)
            self.boots[decoded.boot_id] = known
            newer = 0 < (decoded.boot_id - self.current) & 0xFFFF < 0x8000
            if self.current < 0 or newer or received_us - self.live_received_us > STRAY_US:
                self._before, self.current = self.current, decoded.boot_id
            self.holes_changed = True
        return known

    def _is_current(self, boot: Boot, decoded: Decoded) -> bool:
        """True for the boot that runs; a stray packet of another one does not end it."""
        if decoded.boot_id == self.current:
            return True
        if boot.frontier < 0 or boot.correlation is None:
            return False
        if self._utc(boot, decoded) <= self.live_onboard_us + CLEARLY_US:
            return False
        self._before, self.current = self.current, decoded.boot_id
        return True

    def _correlate(self, boot: Boot, decoded: Decoded, received_us: int) -> None:
        onboard_us = _own_time(decoded)
        if boot.correlation is None or boot.frontier_time[0] != decoded.time_status:
            tai = decoded.time_status == cuc.STATUS_TAI
            boot.correlation = Correlation(onboard_us, received_us, 1.0 if tai else self._rate)
            boot.first_us = min(boot.first_us, self._utc(boot, decoded))
        else:
            boot.correlation.live(onboard_us, received_us)

    def _utc(self, boot: Boot, decoded: Decoded) -> int:
        if decoded.time_status == cuc.STATUS_TAI:
            return _own_time(decoded)
        if boot.correlation is None:
            # Never live: its tail, asked for first, lies at the latest where the next boot begins.
            ends_us = self._next_begins(decoded.boot_id)
            boot.correlation = Correlation(decoded.time_us, ends_us, self._rate)
        return boot.correlation.utc(decoded.time_us)

    def _next_begins(self, boot_id: int) -> int:
        later = [
            ((key - boot_id) & 0xFFFF, boot.first_us)
            for key, boot in self.boots.items()
            if key != boot_id
        ]
        return min(later, default=(0, self.live_onboard_us))[1]

    def _late(self, boot: Boot, decoded: Decoded, onboard_us: int) -> bool:
        if decoded.boot_id != self.current:
            return True
        status, time_us = boot.frontier_time
        if boot.frontier >= 0 and status == decoded.time_status:
            return decoded.time_us < time_us
        return onboard_us < self.live_onboard_us

    def _compare(self, boot: Boot, decoded: Decoded) -> None:
        check = decoded.data[-2:]
        other = decoded.record == 0 and boot.identity not in (b"", decoded.data)
        if other or boot.checks.get(decoded.record, check) != check:
            self.two_boots_of_one_number = decoded.boot_id

    def _learn(self, decoded: Decoded, live: bool, onboard_us: int, now_us: int) -> None:
        self.refill.came(decoded.boot_id, decoded.record, now_us)
        if decoded.name == "lost":
            boot, first, last, _ = (int(v) for v in decoded.raw.values())
            known = self.boots.get(boot)
            if (
                known
                and (first, last) not in known.dropped
                and any(known.records.open(first, last))
            ):
                known.dropped.append((first, last))
        elif decoded.name in _ENDS and live:
            counter = int(decoded.raw["tc_counter"])
            self.refill.ended(counter, now_us, _ENDS[decoded.name])
        elif decoded.name == "storage" and live:
            self._stored(decoded, onboard_us)

    def _stored(self, report: Decoded, onboard_us: int) -> None:
        raw = report.raw
        count = int(raw["kept_boots"])
        alone = len(self.boots) == 1 and not self.boots[self.current].on_board
        named = set()
        for i in range(min(count, KEPT_BOOTS)):
            key, oldest, newest = (int(raw[f"boot{i}_{x}"]) for x in ("id", "oldest", "newest"))
            named.add(key)
            if key not in self.boots:
                now = self.boots[self.current]
                before = newest + 1 if alone else 0
                start_us = now.first_us if alone else now.start_us
                self.boots[key] = Boot(Records(start_us, True), now.first_us, start_us, before)
            boot = self.boots[key]
            self.holes_changed |= not boot.on_board
            boot.on_board = True
            end_us = onboard_us if key == self.current else self._next_begins(key)
            self.holes_changed |= boot.records.extend(newest, end_us)
            self.lose(key, 0, oldest - 1)
            if boot.acknowledged and oldest < boot.acknowledged[0]:
                boot.acknowledged = None  # the acknowledgement was lost on its way
        if count <= KEPT_BOOTS:
            for key, boot in self.boots.items():
                if key not in named and key != self.current:
                    boot.on_board = False
                    self.lose(key, 0, boot.records.newest)


def _own_time(decoded: Decoded) -> int:
    if decoded.time_status == cuc.STATUS_TAI:
        return tai_us_to_unix_us(decoded.time_us)
    return decoded.time_us
