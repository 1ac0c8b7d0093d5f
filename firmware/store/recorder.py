"""Keeps every packet until the ground has it: append-only segment files in two series.

Events are flushed at once (and with them the housekeeping before them, so that what is stored has
no holes); housekeeping each 32 records or 30 s. When full, the oldest housekeeping goes first.
Nothing here raises when the medium fails: `reports` says what the unit should tell.
"""

from firmware.store import boots, number
from firmware.store.committed import Committed
from firmware.store.segment import (
    EVENT,
    HOUSEKEEPING,
    Segment,
    identity,
    named,
    packets,
    stored_size,
    to_record,
)

SEGMENT_BYTES = 32768
KEPT_BOOTS = 8  # as many as a storage report names
FLUSH_RECORDS = 32
FLUSH_US = 30_000_000
BOOT_FILE = "boot"

# Kinds of reports: (kind, ...)
LOST = 0  # boot, first, last, series
TORN = 1  # bytes
FAILED = 2  # words


class Recorder:
    """The packets of this boot and of earlier ones."""

    def __init__(self, files, capacity_bytes, segment_bytes=SEGMENT_BYTES):
        self.capacity_bytes = capacity_bytes
        self.used_bytes = 0
        self.newest = -1
        self.reports = []
        self._files = files
        self._segment_bytes = segment_bytes
        self._segments = ([], [])  # type: tuple[list[Segment], list[Segment]]
        self._next_number = 0
        self._open = [None, None]
        self._pending = [[], []]  # type: list[list[bytes]]
        self._flush_due_us = 0
        self._committed = {}
        self._failing = False
        self._unstored = [None, None]
        self._scan()
        self.boot = self._next_boot()
        self._forget_oldest_boots()

    def append(self, packet, series, now_us):
        """Keep a packet of this boot; packets come in the order of their record numbers."""
        if not self._pending[HOUSEKEEPING]:
            self._flush_due_us = now_us + FLUSH_US
        self._pending[series].append(packet)
        self.newest = identity(packet)[1]
        self.used_bytes += stored_size(packet)
        if (
            series == EVENT
            or len(self._pending[HOUSEKEEPING]) >= FLUSH_RECORDS
            or now_us >= self._flush_due_us
        ):
            self.flush()

    def flush(self):
        """Write what is pending."""
        for series in (HOUSEKEEPING, EVENT):
            pending = self._pending[series]
            if pending:
                self._pending[series] = []
                self._write(series, pending)
        while self.used_bytes > self.capacity_bytes:
            self._drop((self._segments[HOUSEKEEPING] or self._segments[EVENT])[0])

    def read(self, boot, first, last):
        """Yield the stored packets first … last of a boot, in order, byte for byte."""
        self.flush()
        a = self._stored(HOUSEKEEPING, boot, first, last)
        b = self._stored(EVENT, boot, first, last)
        x = next(a, None)
        y = next(b, None)
        while x is not None or y is not None:
            if y is None or (x is not None and identity(x)[1] < identity(y)[1]):
                yield x
                x = next(a, None)
            else:
                yield y
                y = next(b, None)

    def commit(self, boot, cumulative, bitmap):
        """The ground has these records: delete the segments that it has wholly."""
        committed = self.committed(boot)
        committed.merge(cumulative, bitmap, self.newest + 1 if boot == self.boot else None)
        self._committed[boot] = committed
        for series in (HOUSEKEEPING, EVENT):
            for segment in list(self._segments[series]):
                if (
                    segment.boot == boot
                    and segment is not self._open[series]
                    and committed.has(segment.last)
                    and self._wholly(segment, committed)
                ):
                    self._remove(segment)
        if boot not in self._boots():
            del self._committed[boot]

    def newest_of(self, boot):
        """The newest record that is kept of a boot; -1 when there is none."""
        return self._range(boot)[2]

    def committed(self, boot):
        """What the ground has of a kept boot, as far as it said since this start."""
        return self._committed.get(boot) or Committed()

    def kept(self):
        """[(boot, oldest uncommitted, newest record)] of every kept boot, this one last."""
        return [self._range(boot) for boot in self._boots()]

    def load(self, name, highest):
        """A number up to `highest` that never falls and outlives the boot; 0 at first.

        Also 0 when both its files are damaged. Damage is reported, and mended.
        """
        numbers, damaged = number.load(self._files, name, highest)
        value = max(numbers) if numbers else 0
        if damaged:
            self.reports.append((FAILED, "damaged: " + name))
            self.save(name, value)
        return value

    def save(self, name, value):
        """Keep a number."""
        try:
            number.save(self._files, name, value)
        except OSError as error:
            self._fail(error)

    def _boots(self):
        kept = self._stored_boots()
        kept.add(self.boot)
        return sorted(kept, key=lambda boot: -boots.age(boot, self.boot))

    def _stored_boots(self):
        return {segment.boot for series in self._segments for segment in series}

    def _range(self, boot):
        newest = self.newest if boot == self.boot else -1
        firsts = []
        for series in self._segments:
            for segment in series:
                if segment.boot == boot:
                    newest = max(newest, segment.last)
                    firsts.append((segment.first, segment.last))
        if boot == self.boot:
            for pending in self._pending:
                if pending:
                    firsts.append((identity(pending[0])[1], identity(pending[-1])[1]))
        below = self.committed(boot).below
        oldest = newest + 1
        for first, last in firsts:
            if last >= below:
                oldest = min(oldest, max(first, below))
        return boot, oldest, newest

    def _wholly(self, segment, committed):
        if segment.last < committed.below:
            return True
        return all(committed.has(identity(p)[1]) for p in packets(self._files, segment.name))

    def _stored(self, series, boot, first, last):
        done = -1
        while True:
            segment = None
            for candidate in self._segments[series]:
                if candidate.boot == boot and candidate.number > done and candidate.last >= first:
                    segment = candidate
                    break
            if segment is None or segment.first > last:
                return
            done = segment.number
            for packet in packets(self._files, segment.name):
                if first <= identity(packet)[1] <= last:
                    yield packet

    def _write(self, series, batch):
        size = sum([stored_size(packet) for packet in batch])
        segment = self._open[series]
        if segment is None or segment.size + size > self._segment_bytes:
            segment = Segment(series, self.boot, self._next_number)
            self._next_number += 1
        first, last = identity(batch[0])[1], identity(batch[-1])[1]
        try:
            self._files.append(segment.name, (to_record(packet) for packet in batch))
        except OSError as error:
            self._open[series] = None  # its tail may be torn: never append behind it
            self.used_bytes -= size
            before = self._unstored[series]
            self._unstored[series] = (before[0] if before else first, last)
            self._fail(error)
            return
        if segment is not self._open[series]:
            self._segments[series].append(segment)
            self._open[series] = segment
        for packet in batch:
            segment.add(identity(packet)[1], stored_size(packet))
        if self._failing:
            self._recover()

    def _fail(self, error):
        if not self._failing:
            self._failing = True
            self.reports.append((FAILED, str(error)))

    def _recover(self):
        self._failing = False
        for series in (HOUSEKEEPING, EVENT):
            if self._unstored[series]:
                first, last = self._unstored[series]
                self._unstored[series] = None
                self.reports.append((LOST, self.boot, first, last, series))

    def _drop(self, segment):
        first = max(segment.first, self.committed(segment.boot).below)
        if first <= segment.last:
            self.reports.append((LOST, segment.boot, first, segment.last, segment.series))
        self._remove(segment)

    def _remove(self, segment):
        self._segments[segment.series].remove(segment)
        self.used_bytes -= segment.size
        if self._open[segment.series] is segment:
            self._open[segment.series] = None
        try:
            self._files.remove(segment.name)
        except OSError as error:
            self._fail(error)

    def _scan(self):
        torn = 0
        try:
            names = self._files.names()
        except OSError as error:
            self._fail(error)
            return
        for name in names:
            segment = named(name)
            if segment is not None:
                try:
                    torn += self._admit(segment)
                except OSError as error:
                    self._fail(error)
        for series in self._segments:
            series.sort(key=lambda segment: segment.number)  # names do not sort after the last id
        if torn:
            self.reports.append((TORN, torn))

    def _admit(self, segment):
        """Take a segment of an earlier boot; returns how many torn bytes were cut."""
        self._next_number = max(self._next_number, segment.number + 1)
        for packet in packets(self._files, segment.name):
            boot, record = identity(packet)
            if boot != segment.boot:
                return 0  # not ours, whatever its name says
            segment.add(record, stored_size(packet))
        torn = self._files.size(segment.name) - segment.size
        if segment.size == 0:
            self._files.remove(segment.name)
        else:
            self._segments[segment.series].append(segment)
            self.used_bytes += segment.size
            if torn:
                self._files.cut(segment.name, segment.size)
        return torn

    def _next_boot(self):
        saved, damaged = number.load(self._files, BOOT_FILE, boots.LAST)
        if damaged:
            self.reports.append((FAILED, "damaged: " + BOOT_FILE))
        boot = boots.following(saved[0] if saved else None, self._stored_boots())
        self.save(BOOT_FILE, boot)
        return boot

    def _forget_oldest_boots(self):
        for boot in self._boots()[:-KEPT_BOOTS]:
            for series in self._segments:
                for segment in [s for s in series if s.boot == boot]:
                    self._drop(segment)
