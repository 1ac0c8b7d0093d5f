"""One unit's telemetry: its boots, what is missing of them, their time, whether it is live."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from zlib import crc32

from ground.model import Aside, Hole, Packet, UnitKey
from ground.stream import storage
from ground.stream.boot import Boot
from ground.stream.boots import Boots, hole
from ground.stream.correlation import Correlation
from ground.stream.course import STEP_RECORDS, Course
from ground.stream.dating import Dating
from ground.stream.division import Division
from ground.stream.records import Records
from ground.stream.refill import Refill
from ground.stream.repeats import Repeats
from ground.stream.restarts import Restarts
from protocol.schema.decode import Decoded

STRAY_US: Final = 5_000_000
"""An older boot id is a new start only when nothing has come of the present one for this long."""
CLEARLY_US: Final = 500_000
"""More than time correlation may be wrong by."""
REPEATS_KEPT: Final = 16
"""Boots of which repeats are told from other packets; those from which something came last."""
_ENDS: Final = {"completed": False, "refused": True, "failed": True}


class UnitStream:
    """State of one unit's stream; a fold over its packets in the order in which they came."""

    def __init__(self, unit: UnitKey, rate: float = 1.0) -> None:
        self.unit = unit
        self.link = ""
        self.links: set[str] = set()
        """All over which it was heard since the ground's start."""
        self.boots = Boots(unit)
        self.dating = Dating(self.boots, rate)
        self.restarts = Restarts()
        self._repeats: dict[int, Repeats] = {}
        """Of the boots from which something came lately."""
        self.refill = Refill()
        self.packets = 0
        self.silent = True
        self.live_received_us = 0
        self.live_onboard_us = 0
        self.holes_changed = False
        self.division = Division()
        self.two_boots_of_one_number: int | None = None
        self.differed_us = 0
        """Ground time at which a packet last came that is another here; the fold gets none."""

    @property
    def current(self) -> int:
        """Boot id of the newest boot; -1 before the first."""
        return self.boots.current

    def accept(self, decoded: Decoded, link: str, received_us: int, now_us: int) -> Packet | None:
        """Take a packet in; None when it was here already: that changes nothing, as in the fold."""
        known = self.boots.peek(decoded.boot_id)
        if known is not None and not known.records.lacks(decoded.record):
            # Nothing else: it does not stand in the archive again.
            self._compare(known, decoded, now_us)
            return None
        boot = self._boot(decoded, received_us)
        believed = boot.believes(decoded.record)
        live = believed and decoded.record > boot.frontier
        live = live and self._is_current(boot, decoded, received_us)
        if not live and self._lives_on(boot, decoded, received_us):
            live = believed = True
        in_time = not live or self.dating.live(boot, decoded, received_us)
        onboard_us = self.dating.utc(boot, decoded)
        placed_us = self.dating.placed(onboard_us, in_time)
        tail = boot.records.newest
        boot.records.add(decoded.record, placed_us, believed)
        self.repeats_of(decoded.boot_id).remember(decoded.record, decoded.data)
        boot.count(onboard_us)
        self.holes_changed |= decoded.record != tail + 1
        late = self._late(boot, decoded, onboard_us) or not in_time or not believed
        if decoded.record == 0:
            boot.identity = _identity(decoded)
        if not believed:
            boot.records.absurd = decoded.record
        elif decoded.record > boot.frontier:
            if live and decoded.record - boot.frontier > STEP_RECORDS:
                self._leave(boot, received_us)
            boot.frontier = decoded.record
            boot.frontier_time = (decoded.time_status, decoded.time_us)
        if live:
            if link not in self.links:
                self.links.add(link)
                self.ask_again()
            self.link = link
            self.live_received_us = received_us
            self.live_onboard_us = placed_us
        self.packets += 1
        self.refill.came(decoded.boot_id, decoded.record, now_us)
        if believed and in_time:
            self._learn(decoded, live, onboard_us, now_us)
        return Packet(self.unit, decoded, link, received_us, onboard_us, late)

    def repeats_of(self, boot_id: int) -> Repeats:
        """What was taken in lately of a boot."""
        if boot_id not in self._repeats:
            if len(self._repeats) >= REPEATS_KEPT:
                del self._repeats[next(key for key in self._repeats if key != self.current)]
            self._repeats[boot_id] = Repeats()
        return self._repeats[boot_id]

    def overdue(self, limit_us: int, started_us: int = 0) -> bool:
        """True when nothing live has come since `limit_us`, though the ground was listening."""
        return 0 < max(self.live_received_us, started_us) < limit_us

    def on_board(self) -> dict[int, Records]:
        """Boots of which the unit still has records."""
        return {key: boot.records for key, boot in self.boots.near.items() if boot.on_board}

    def dropped(self) -> list[tuple[int, int, int]]:
        """(boot, first, last) of dropped records that were asked for in vain."""
        return storage.gone(self.boots)

    def lose(self, boot: int, first: int, last: int) -> None:
        """These records are no longer on board."""
        self.holes_changed |= self.boots[boot].lose(first, last)

    def give_up(self, boot: int, first: int, last: int) -> None:
        """These records are not asked for any more, until `ask_again`."""
        self.holes_changed |= self.boots[boot].records.give_up(first, last)

    def ask_again(self) -> None:
        """Something has changed for which the unit may answer: all that is missing is wanted."""
        for boot in self.boots.near.values():
            if boot.records.gaps:  # few have any
                self.holes_changed |= boot.records.ask_again()

    def acknowledgements(self) -> Iterator[tuple[int, int, bytes]]:
        """(boot, cumulative, bitmap) that the unit has not been told yet."""
        for key, boot in self.boots.near.items():
            if boot.on_board or key == self.current:
                known = boot.records.acknowledgement()
                if known != boot.acknowledged:
                    boot.acknowledged = known
                    yield key, *known

    def holes(self) -> tuple[Hole, ...]:
        """What the ground misses since it first heard of the unit, of the boots looked at.

        Until a new boot has sent its storage report nobody knows how the one before ended: that
        counts as a hole of one record.
        """
        unknown: tuple[Hole, ...] = ()
        boots = self.boots
        now, before = boots.near.get(boots.current), boots.near.get(boots.before)
        if now is not None and not now.on_board and before is not None:
            end = before.records.newest + 1
            unknown = (Hole(self.unit, boots.before, end, end, now.start_us, now.first_us, False),)
        return unknown + tuple(
            hole(self.unit, key, boot, gap)
            for key, boot in boots.near.items()
            for gap in boot.records.gaps
            if gap.last >= boot.before and not gap.doubted
        )

    def aside(self) -> Aside:
        """What the ground misses of the others; what is lost for good since the last call."""
        return self.boots.aside()

    def count(self, lost: bool) -> int:
        """Records missing that are, or are not, lost for good."""
        return self.boots.count(lost)

    def given_up(self) -> int:
        """Of the records missing that are not lost: how many are not asked for any more."""
        near = self.boots.near.values()
        return sum(len(g) for boot in near for g in boot.records.gaps if g.given_up)

    @property
    def correlation(self) -> Correlation | None:
        """The fit of the newest boot."""
        boot = self.boots.near.get(self.current)
        return boot.correlation if boot else None

    def _boot(self, decoded: Decoded, received_us: int) -> Boot:
        known = self.boots.get(decoded.boot_id)
        if known is not None:
            return known
        self.dating.reboots()
        before = 0 if len(self.boots) else decoded.record
        start_us = self.live_onboard_us
        for key in self._repeats.keys() - {self.current}:
            del self._repeats[key]  # that boot is over
        self.restarts.began(decoded.boot_id, self.current, received_us, self.live_received_us)
        known = Boot(Records(start_us), received_us, start_us, before)
        self.boots.add(decoded.boot_id, known)
        newer = 0 < (decoded.boot_id - self.current) & 0xFFFF < 0x8000
        if self.current < 0 or newer or received_us - self.live_received_us > STRAY_US:
            if (running := self.boots.near.get(self.current)) is not None:
                self._leave(running, received_us)
            self.boots.run(decoded.boot_id)
            self.ask_again()
        self.holes_changed = True
        return known

    def _is_current(self, boot: Boot, decoded: Decoded, received_us: int) -> bool:
        """True for the boot that runs; a stray packet of another one does not end it."""
        if decoded.boot_id == self.current:
            return True
        if boot.frontier < 0 or boot.correlation is None:
            return False
        now_runs = self.boots.near[self.current].on_board  # it has reported its storage: no stray
        if now_runs and received_us - self.live_received_us <= STRAY_US:
            return False
        # By the ground's clock: whatever the stray one said of the time, this one goes on after it.
        if self.dating.made_us(boot, decoded) <= self.live_received_us + CLEARLY_US:
            return False
        if boot.course is not None:
            self.division.found(boot.course, received_us)
        self.boots.run(decoded.boot_id)
        return True

    def _leave(self, boot: Boot, received_us: int) -> None:
        """The unit is elsewhere than where its last live packet was; or it is not, and goes on."""
        if boot.frontier < 0 or (boot.course and boot.course.is_awaited(received_us)):
            return
        utc_us = self.dating.pace_us(boot, *boot.frontier_time)
        live_us = self.live_received_us
        boot.course = Course(live_us, utc_us, boot.frontier, live_us, left=True)

    def _lives_on(self, boot: Boot, decoded: Decoded, received_us: int) -> bool:
        """True when the unit runs there, though its packets are elsewhere than the last live ones.

        What lies ahead of it then is what nobody believes any more.
        """
        record, course, live_us = decoded.record, boot.course, self.live_received_us
        utc_us = self.dating.pace_us(boot, decoded.time_status, decoded.time_us)
        if course is None or not course.goes_on(record, utc_us, received_us, live_us):
            if course is None or not course.is_awaited(received_us):
                boot.course = Course(received_us, utc_us, record, live_us)
            return False
        if not course.lives():
            if course.divides():
                self.division.found(course, received_us)
            return False
        boot.course = None
        if decoded.boot_id != self.current:
            self.boots.run(decoded.boot_id)
        self.division.found(course, received_us)
        boot.records.doubt(record)
        boot.frontier = min(boot.frontier, record - 1)
        self.holes_changed = True
        return True

    def _late(self, boot: Boot, decoded: Decoded, onboard_us: int) -> bool:
        if decoded.boot_id != self.current:
            return True
        status, time_us = boot.frontier_time
        if boot.frontier >= 0 and status == decoded.time_status:  # its clock may have jumped back
            return decoded.record < boot.frontier and decoded.time_us != time_us
        return onboard_us < self.live_onboard_us

    def _compare(self, boot: Boot, decoded: Decoded, now_us: int) -> None:
        other = decoded.record == 0 and boot.identity not in (b"", _identity(decoded))
        repeats = self._repeats.get(decoded.boot_id)
        if other or (repeats and repeats.differs(decoded.record, decoded.data)):
            self.two_boots_of_one_number, self.differed_us = decoded.boot_id, now_us

    def _learn(self, decoded: Decoded, live: bool, onboard_us: int, now_us: int) -> None:
        if decoded.name == "lost":
            storage.dropped(self.boots, decoded)
        elif not live:
            return
        elif decoded.name in _ENDS:
            counter = int(decoded.raw["tc_counter"])
            self.refill.ended(counter, now_us, _ENDS[decoded.name])
        elif decoded.name == "storage":
            self.holes_changed |= storage.stored(self.boots, decoded, onboard_us)
        elif decoded.name == "boot":
            running = self.boots[decoded.boot_id]
            if storage.reached(running, int(decoded.raw["next_counter"])):
                self.ask_again()


def _identity(decoded: Decoded) -> bytes:
    return crc32(decoded.data).to_bytes(4, "big")
