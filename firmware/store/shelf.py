"""The segments on the medium, in two series, each oldest first."""

from firmware.store.files import ENOSPC, UNFINISHED
from firmware.store.segment import (
    EVENT,
    HOUSEKEEPING,
    SUFFIX,
    Segment,
    identity,
    named,
    packets,
    stored_size,
)


class Shelf:
    """What is known in memory of a folder's segments. `failed(error)` is told what the medium
    refuses where nothing else can be done about it."""

    def __init__(self, files, failed):
        self.used_bytes = 0
        self.series = ([], [])  # type: tuple[list[Segment], list[Segment]]
        self._files = files
        self._failed = failed
        self._next_number = 0

    def scan(self):
        """Take in the segments of earlier boots; returns how many torn bytes were cut."""
        torn = 0
        try:
            names = self._files.names()
        except OSError as error:
            self._failed(error)
            return torn
        for work, those in ((self._discard, UNFINISHED), (self._admit, SUFFIX)):
            for name in names:
                try:
                    if name.endswith(those):
                        torn += work(name)
                except OSError as error:
                    self._failed(error)
        for series in self.series:
            series.sort(key=lambda segment: segment.number)  # names do not sort after the last id
        return torn

    def new(self, series, boot):
        """A segment that is not on the medium yet."""
        segment = Segment(series, boot, self._next_number)
        self._next_number += 1
        return segment

    def grow(self, segment, batch):
        """These packets are now at the end of a segment, which may be a new one."""
        kept = self.series[segment.series]
        if not kept or kept[-1] is not segment:
            kept.append(segment)
        for packet in batch:
            segment.add(identity(packet)[1], stored_size(packet))
            self.used_bytes += stored_size(packet)

    def remove(self, segment):
        """Delete a segment."""
        self.series[segment.series].remove(segment)
        self.used_bytes -= segment.size
        try:
            self._files.remove(segment.name)
        except OSError as error:
            self._failed(error)

    def oldest(self):
        """The segment that goes first: housekeeping before events; None when there is none."""
        for series in self.series:
            if series:
                return series[0]
        return None

    def of(self, boot):
        """All segments of a boot, each series in its order."""
        return [segment for series in self.series for segment in series if segment.boot == boot]

    def boots(self):
        """The set of boots that have segments."""
        return {segment.boot for series in self.series for segment in series}

    def read(self, boot, first, last):
        """Yield the stored packets first … last of a boot, in order, byte for byte."""
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

    def _stored(self, series, boot, first, last):
        done = -1
        while True:
            segment = None
            for candidate in self.series[series]:
                if candidate.boot == boot and candidate.number > done and candidate.last >= first:
                    segment = candidate
                    break
            if segment is None or segment.first > last:
                return
            done = segment.number
            for packet in packets(self._files, segment.name):
                if first <= identity(packet)[1] <= last:
                    yield packet

    def _discard(self, name):
        self._files.remove(name)
        return 0

    def _admit(self, name):
        """Take a segment of an earlier boot; returns how many torn bytes were cut."""
        segment = named(name)
        if segment is None:
            return 0
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
            self.series[segment.series].append(segment)
            self.used_bytes += segment.size
            if torn:
                self._cut(segment)
        return torn

    def _cut(self, segment):
        """Cut a torn tail, now or at a start that finds room; reading ends before it anyway."""
        try:
            self._files.cut(segment.name, segment.size)
        except OSError as error:
            if error.errno != ENOSPC:
                self._failed(error)
