"""The recorder: keeps every packet through reboots, torn writes, a full and a failing medium."""

from binascii import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.store.committed import Committed
from firmware.store.files import FolderFiles
from firmware.store.ram import RamFiles
from firmware.store.recorder import FAILED, KEPT_BOOTS, LOST, TORN, Recorder
from firmware.store.segment import EVENT, HOUSEKEEPING, identity, named, packets
from protocol.wire import tables, tm

CAPACITY = 1 << 20
SECOND = 1_000_000
RECORD = 42  # bytes of one of the packets below, in a segment


def packet(boot, record):
    buffer = bytearray(64)
    size = tm.pack(buffer, tables.TM_TIME, 5, 0, record, 0, record, boot, record, (record,))
    return bytes(buffer[:size])


def fill(recorder, count, series=HOUSEKEEPING, first=0):
    for record in range(first, first + count):
        recorder.append(packet(recorder.boot, record), series, record * SECOND)


def records(recorder, boot, first=0, last=1 << 31):
    return [identity(p)[1] for p in recorder.read(boot, first, last)]


class FailingFiles(RamFiles):
    """A medium that refuses to be written while `broken`; a write may stop half way."""

    broken = False

    def append(self, name, pieces):
        if self.broken:
            super().append(name, [next(iter(pieces))[:10]])
            raise OSError(5, "Input/output error")
        super().append(name, pieces)

    def replace(self, name, data):
        if self.broken:
            raise OSError(30, "Read-only file system")
        super().replace(name, data)


def test_reads_back_byte_for_byte_in_order_from_both_series(tmp_path):
    recorder = Recorder(FolderFiles(str(tmp_path / "a" / "b")), CAPACITY, 4096)
    made = []
    for record in range(500):
        made.append(packet(recorder.boot, record))
        recorder.append(made[-1], EVENT if record % 7 == 0 else HOUSEKEEPING, 0)
    assert list(recorder.read(1, 0, 499)) == made
    assert list(recorder.read(1, 123, 130)) == made[123:131]
    assert list(recorder.read(2, 0, 499)) == []


def stored(files):
    """Record numbers of boot 1 on the medium, in any order."""
    return [
        identity(p)[1]
        for name in files.names()
        if named(name) and named(name).boot == 1
        for p in packets(files, name)
    ]


def test_32_records_or_30_s_or_an_event_flush():
    files = RamFiles()
    recorder = Recorder(files, CAPACITY)
    for record in range(31):
        recorder.append(packet(1, record), HOUSEKEEPING, 0)
    assert stored(files) == []
    recorder.append(packet(1, 31), HOUSEKEEPING, 0)
    assert stored(files) == list(range(32))
    recorder.append(packet(1, 32), HOUSEKEEPING, 0)
    recorder.append(packet(1, 33), HOUSEKEEPING, 30 * SECOND)
    assert 33 in stored(files)
    recorder.append(packet(1, 34), HOUSEKEEPING, 31 * SECOND)
    recorder.append(packet(1, 35), EVENT, 31 * SECOND)
    assert sorted(stored(files)) == list(range(36)), "what is stored has no holes"


def test_boot_ids_rise_and_earlier_boots_stay_readable():
    files = RamFiles()
    for boot in (1, 2, 3):
        recorder = Recorder(files, CAPACITY)
        assert recorder.boot == boot
        fill(recorder, 40)
        recorder.flush()
    assert recorder.kept() == [(1, 0, 39), (2, 0, 39), (3, 0, 39)]
    assert records(recorder, 2) == list(range(40))
    files.remove("boot")
    assert Recorder(files, CAPACITY).boot == 4, "the segments tell it as well"


def test_no_more_boots_are_kept_than_a_report_names():
    files = RamFiles()
    for _ in range(KEPT_BOOTS + 2):
        recorder = Recorder(files, CAPACITY)
        fill(recorder, 1, EVENT)
    assert [boot for boot, _, _ in recorder.kept()] == list(range(3, KEPT_BOOTS + 3))
    assert recorder.reports == [(LOST, 2, 0, 0, EVENT)]


@given(cut=st.integers(1, RECORD - 1), garbage=st.binary(max_size=60))
def test_a_torn_tail_is_cut_and_reported(cut, garbage):
    files = RamFiles()
    recorder = Recorder(files, CAPACITY)
    fill(recorder, 10, EVENT)
    (name,) = [name for name in files.names() if name.endswith(".seg")]
    files.cut(name, files.size(name) - cut)
    files.append(name, [garbage])
    again = Recorder(files, CAPACITY)
    assert records(again, 1) == list(range(9))
    assert again.reports == [(TORN, RECORD - cut + len(garbage))]
    third = Recorder(files, CAPACITY)
    assert third.reports == [], "cut once and for all"
    assert records(third, 1) == list(range(9))


@given(st.lists(st.binary(max_size=200), max_size=4))
def test_start_up_survives_any_content(contents):
    files = RamFiles()
    files.replace("boot", b"not a number")
    for i, content in enumerate(contents):
        files.append(f"h00001-{i:06}.seg", [content])
    recorder = Recorder(files, CAPACITY)
    fill(recorder, 1, EVENT)
    assert records(recorder, recorder.boot) == [0]


def test_overflow_drops_oldest_housekeeping_first_and_reports_the_range():
    recorder = Recorder(RamFiles(), 8192, 1024)
    for record in range(0, 400, 2):
        recorder.append(packet(1, record), HOUSEKEEPING, 0)
        recorder.append(packet(1, record + 1), EVENT if record < 20 else HOUSEKEEPING, 0)
    recorder.flush()
    assert recorder.used_bytes <= 8192
    kept = records(recorder, 1)
    assert set(range(1, 20, 2)) <= set(kept), "events stay"
    lost = set()
    for kind, boot, first, last, series in recorder.reports:
        assert (kind, boot, series) == (LOST, 1, HOUSEKEEPING)
        lost |= set(range(first, last + 1))
    assert set(range(400)) - set(kept) <= lost


def test_overflow_with_events_alone_drops_the_oldest_events():
    recorder = Recorder(RamFiles(), 4096, 1024)
    fill(recorder, 200, EVENT)
    kept = records(recorder, 1)
    assert kept == list(range(kept[0], 200))
    assert {report[4] for report in recorder.reports} == {EVENT}
    assert recorder.kept() == [(1, kept[0], 199)]


def test_commit_deletes_wholly_committed_segments_only():
    files = RamFiles()
    recorder = Recorder(files, CAPACITY, 1024)  # 24 records each
    fill(recorder, 100, EVENT)
    recorder.commit(1, 50, bytes(32))
    assert records(recorder, 1) == list(range(48, 100))
    assert recorder.kept() == [(1, 50, 99)]
    recorder.commit(1, 10, bytes(32))
    assert recorder.kept() == [(1, 50, 99)], "an acknowledgement takes nothing back"
    recorder.commit(1, 51, b"\xff" * 3 + bytes(29))  # 50 is missing, 51 … 74 are there
    assert recorder.kept() == [(1, 75, 99)]
    recorder.commit(1, 100, bytes(32))
    assert recorder.kept() == [(1, 100, 99)]


def test_commit_by_bitmap_beyond_a_hole():
    recorder = Recorder(RamFiles(), CAPACITY, 1024)
    fill(recorder, 60, EVENT)
    bitmap = (((1 << 47) - 1) << 1).to_bytes(32, "little")  # all but record 0, up to 47
    recorder.commit(1, 0, bitmap)
    assert recorder.kept() == [(1, 0, 59)]
    assert records(recorder, 1) == [*range(24), *range(48, 60)]


def test_a_committed_boot_is_kept_no_longer():
    files = RamFiles()
    fill(Recorder(files, CAPACITY), 10, EVENT)
    recorder = Recorder(files, CAPACITY)
    assert recorder.kept()[0] == (1, 0, 9)
    recorder.commit(1, 10, bytes(32))
    assert recorder.kept() == [(2, 0, -1)]
    assert recorder.used_bytes == 0


def test_reading_goes_on_while_segments_are_deleted():
    recorder = Recorder(RamFiles(), CAPACITY, 1024)
    fill(recorder, 100, EVENT)
    reading = recorder.read(1, 0, 99)
    first = [identity(next(reading))[1] for _ in range(30)]
    recorder.commit(1, 80, bytes(32))
    rest = [identity(p)[1] for p in reading]
    assert first == list(range(30))
    assert rest == sorted(rest)
    assert set(range(80, 100)) <= set(rest)


def test_a_failing_medium_is_reported_once_and_its_loss_when_it_recovers():
    files = FailingFiles()
    recorder = Recorder(files, CAPACITY)
    fill(recorder, 5, EVENT)
    files.broken = True
    fill(recorder, 5, EVENT, first=5)
    assert recorder.reports == [(FAILED, "[Errno 5] Input/output error")]
    files.broken = False
    fill(recorder, 5, EVENT, first=10)
    assert recorder.reports[1:] == [(LOST, 1, 5, 9, EVENT)]
    assert records(recorder, 1) == [0, 1, 2, 3, 4, 10, 11, 12, 13, 14]
    again = Recorder(files, CAPACITY)
    assert records(again, 1) == [0, 1, 2, 3, 4, 10, 11, 12, 13, 14]


def test_a_medium_that_is_broken_from_the_start():
    files = FailingFiles()
    files.broken = True
    recorder = Recorder(files, CAPACITY)
    recorder.save("counter", 256)
    assert recorder.reports == [(FAILED, "[Errno 30] Read-only file system")]
    assert recorder.boot == 1
    assert recorder.load("counter", 1 << 32) == 0


@given(st.lists(st.tuples(st.integers(0, 60), st.sets(st.integers(0, 255), max_size=20))))
def test_acknowledgements_only_grow(acknowledgements):
    committed, known = Committed(), set()
    for cumulative, offsets in acknowledgements:
        committed.merge(cumulative, sum(1 << i for i in offsets).to_bytes(32, "little"))
        known |= set(range(cumulative)) | {cumulative + i for i in offsets}
        assert {record for record in range(400) if committed.has(record)} == known
        assert committed.below == min(set(range(400)) - known)


def test_a_bitmap_commits_no_record_that_is_not_made():
    recorder = Recorder(RamFiles(), CAPACITY, 1024)
    fill(recorder, 8, EVENT)
    recorder.commit(1, 4, b"\xff" * 32)
    assert recorder.committed(1).below == 8
    fill(recorder, 200, EVENT, first=8)
    recorder.commit(1, 8, bytes(32))
    assert records(recorder, 1) == list(range(208)), "the first segment holds more than 8"
    assert recorder.kept() == [(1, 8, 207)]


def boot_ids(files, count):
    made = []
    for _ in range(count):
        recorder = Recorder(files, CAPACITY)
        fill(recorder, 2, EVENT)
        made.append(recorder.boot)
    return made


def test_boot_ids_go_on_after_the_last():
    files = RamFiles()
    files.replace("boot", b"65533")
    assert boot_ids(files, 5) == [65534, 65535, 1, 2, 3]
    recorder = Recorder(files, CAPACITY)
    assert [boot for boot, _, _ in recorder.kept()] == [65534, 65535, 1, 2, 3, 4]
    assert records(recorder, 65535) == [0, 1]
    for name in ("boot", "boot.copy"):
        files.remove(name)
    assert Recorder(files, CAPACITY).boot == 4, "the segments tell it as well"


def test_the_oldest_boots_go_first_after_the_last_id():
    files = RamFiles()
    files.replace("boot", b"65530")
    boot_ids(files, KEPT_BOOTS + 1)
    recorder = Recorder(files, CAPACITY)
    assert [boot for boot, _, _ in recorder.kept()] == [65533, 65534, 65535, 1, 2, 3, 4, 5]
    assert recorder.reports == [(LOST, 65532, 0, 1, EVENT)]


def test_a_boot_id_that_is_still_kept_is_passed_over():
    files = RamFiles()
    boot_ids(files, 2)
    for name in ("boot", "boot.copy"):
        files.replace(name, b"65535")
    recorder = Recorder(files, CAPACITY)
    assert recorder.boot == 3
    assert records(recorder, 1) == records(recorder, 2) == [0, 1]
    assert recorder.reports == []


@pytest.mark.parametrize("content", [b"-1", b"99999999", b"xx", b""])
def test_a_damaged_boot_file_is_not_followed(content):
    files = RamFiles()
    assert boot_ids(files, 2) == [1, 2]
    files.replace("boot", content)
    recorder = Recorder(files, CAPACITY)
    assert recorder.boot == 3
    assert recorder.reports == [(FAILED, "damaged: boot")]


@pytest.mark.parametrize(
    "name",
    [
        "h99999-000001.seg",
        "h-0001-000001.seg",
        "h00000-000001.seg",
        "e00500-000003.seg",
        "h\xb2.seg",
    ],
)
def test_a_foreign_segment_is_ignored(name):
    files = RamFiles()
    boot_ids(files, 1)
    files.append(name, [files.read("e00001-000000.seg", 0, 1000)])
    recorder = Recorder(files, CAPACITY)
    assert recorder.boot == 2
    assert [boot for boot, _, _ in recorder.kept()] == [1, 2]
    assert recorder.reports == []
    assert name in files.names()


def test_segment_numbers_outgrow_their_six_digits():
    files = RamFiles()
    boot_ids(files, 1)
    files.append("e00001-999999.seg", [files.read("e00001-000000.seg", 0, 1000)])
    assert boot_ids(files, 1) == [2]
    assert records(Recorder(files, CAPACITY), 2) == [0, 1]


def test_a_record_too_short_for_a_packet_ends_a_segment():
    files = RamFiles()
    fill(Recorder(files, CAPACITY), 2, EVENT)
    short = b"1234567"
    files.append("e00001-000000.seg", [b"\0\7", crc32(short).to_bytes(4, "big"), short])
    recorder = Recorder(files, CAPACITY)
    assert records(recorder, 1) == [0, 1]
    assert recorder.reports == [(TORN, 13)]


DAMAGED = [b"-5", b"4294967296", b"9999999999999999", b"99999999999999999999", b"garbage", b""]


@pytest.mark.parametrize("content", DAMAGED)
@pytest.mark.parametrize("file", ["counter", "counter.copy"])
def test_a_damaged_number_is_known_from_its_copy_and_mended(file, content):
    files = RamFiles()
    Recorder(files, CAPACITY).save("counter", 512)
    files.replace(file, content)
    recorder = Recorder(files, CAPACITY)
    assert recorder.load("counter", 0xFFFFFFFF) == 512
    assert recorder.reports == [(FAILED, "damaged: counter")]
    assert files.read(file, 0, 99) == b"512"


def test_a_number_that_was_never_stored_is_not_reported():
    recorder = Recorder(RamFiles(), CAPACITY)
    assert recorder.load("counter", 0xFFFFFFFF) == 0
    assert recorder.reports == []


def test_a_number_whose_files_are_both_damaged_is_reported_once():
    files = RamFiles()
    for file in ("counter", "counter.copy"):
        files.replace(file, b"garbage")
    recorder = Recorder(files, CAPACITY)
    assert recorder.load("counter", 0xFFFFFFFF) == 0
    assert recorder.reports == [(FAILED, "damaged: counter")]
    assert recorder.load("counter", 0xFFFFFFFF) == 0
    assert len(recorder.reports) == 1
