"""The recorder on a medium that is full, was cut off, or must rest while a capture runs."""

import pytest

from firmware.store.files import UNFINISHED, FolderFiles
from firmware.store.ram import RamFiles
from firmware.store.recorder import FAILED, HELD_RECORDS, LOST, Recorder
from firmware.store.segment import EVENT, HOUSEKEEPING, identity, named
from hil_tests.support.bench import Bench
from hil_tests.unit.test_recorder import CAPACITY, SECOND, fill, packet, records

FULL = (28, "No space left on device")


class SmallFiles(RamFiles):
    """A medium of `room` bytes; `lies`: it is full whatever is deleted."""

    def __init__(self, room):
        super().__init__()
        self.room = room
        self.lies = False

    def append(self, name, pieces):
        pieces = list(pieces)
        self._need(sum(len(piece) for piece in pieces))
        super().append(name, pieces)

    def replace(self, name, data):
        self._need(len(data))
        super().replace(name, data)

    def _need(self, size):
        if self.lies or size + sum(self.size(name) for name in self.names()) > self.room:
            raise OSError(*FULL)


def test_a_medium_smaller_than_said_drops_housekeeping_first_too():
    recorder = Recorder(SmallFiles(8192), CAPACITY, 1024)
    fill(recorder, 20, EVENT)
    fill(recorder, 400, HOUSEKEEPING, first=20)
    fill(recorder, 20, EVENT, first=420)
    kept = records(recorder, 1)
    assert set(kept) >= {*range(20), *range(420, 440)}, "events stay"
    assert {report[0] for report in recorder.reports} == {LOST}
    lost = {r for _, _, first, last, _ in recorder.reports for r in range(first, last + 1)}
    assert lost.isdisjoint(kept)
    assert lost | set(kept) == set(range(440))


def test_a_full_medium_still_takes_the_command_counter():
    files = SmallFiles(4096)
    recorder = Recorder(files, CAPACITY, 1024)
    fill(recorder, 96, EVENT)
    files.room = sum(files.size(name) for name in files.names()) + 4
    recorder.save("counter", 256)
    assert recorder.load("counter", 1 << 32) == 256
    assert [report[0] for report in recorder.reports] == [LOST]


def test_a_medium_that_is_full_of_something_else_costs_one_segment_only():
    files = SmallFiles(CAPACITY)
    recorder = Recorder(files, CAPACITY, 1024)
    fill(recorder, 240, EVENT)
    files.lies = True
    fill(recorder, 50, EVENT, first=240)
    failed = (FAILED, "[Errno 28] No space left on device")
    assert recorder.reports == [(LOST, 1, 0, 23, EVENT), failed]
    files.lies = False
    fill(recorder, 10, EVENT, first=290)
    assert recorder.reports[-1] == (LOST, 1, 240, 289, EVENT)
    assert records(recorder, 1) == [*range(24, 240), *range(290, 300)]


def test_what_a_power_cut_left_half_made_is_deleted(tmp_path):
    files = FolderFiles(str(tmp_path))
    fill(Recorder(files, CAPACITY), 3, EVENT)
    for name in ("boot", "e00001-000000.seg"):
        files.append(name + UNFINISHED, [b"half"])
    recorder = Recorder(files, CAPACITY)
    assert [name for name in files.names() if name.endswith(UNFINISHED)] == []
    assert records(recorder, 1) == [0, 1, 2]
    assert recorder.reports == []


def segments(files):
    return [name for name in files.names() if named(name)]


def sizes(files):
    return {name: files.size(name) for name in segments(files)}


@pytest.fixture
def captured():
    """(files, recorder, a list that is empty while no capture runs)."""
    files, running = RamFiles(), []
    return files, Recorder(files, CAPACITY, capturing=lambda: bool(running)), running


def test_housekeeping_waits_for_the_end_of_a_capture(captured):
    files, recorder, running = captured
    running.append("capture")
    fill(recorder, 40)
    assert segments(files) == []
    assert records(recorder, 1) == list(range(40)), "it can be read meanwhile"
    assert segments(files) == [], "and reading writes nothing"
    running.clear()
    fill(recorder, 1, first=40)
    assert len(segments(files)) == 1
    assert records(recorder, 1) == list(range(41))


def test_an_event_does_not_wait_for_a_capture(captured):
    files, recorder, running = captured
    running.append("capture")
    fill(recorder, 3)
    fill(recorder, 1, EVENT, first=3)
    assert len(segments(files)) == 2
    assert records(recorder, 1) == [0, 1, 2, 3]


def test_a_capture_that_never_ends_holds_only_so_much_back(captured):
    files, recorder, running = captured
    running.append("capture")
    fill(recorder, HELD_RECORDS - 1)
    assert segments(files) == []
    fill(recorder, 1, first=HELD_RECORDS - 1)
    assert len(segments(files)) == 1


def test_reading_goes_on_while_what_was_pending_is_written():
    recorder = Recorder(RamFiles(), CAPACITY)
    fill(recorder, 50)
    reading = recorder.read(1, 0, 1 << 31)
    begun = [next(reading) for _ in range(40)]
    recorder.append(packet(1, 50), EVENT, 50 * SECOND)
    rest = list(reading)
    assert [identity(p)[1] for p in begun + rest] == list(range(50))


def test_the_unit_writes_no_housekeeping_during_a_capture():
    bench = Bench()
    bench.run(66)  # past a boot report and the self-test, which are flushed at once
    bench.window.busy = True
    before = sizes(bench.files)
    bench.run(28)
    assert sizes(bench.files) == before
    bench.window.busy = False
    bench.run(0.9)
    assert sizes(bench.files) != before
