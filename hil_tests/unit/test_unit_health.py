"""The ladder in virtual time: restart, give up, reset, count, maintenance."""

import asyncio
from itertools import pairwise
from types import SimpleNamespace

import pytest

from firmware.app import App
from firmware.boards.cpython import CpythonBoard
from firmware.health.hang import AWAIT, BUSY, STUBBORN
from firmware.health.health import HEALTH, LINK, NAMES, SAMPLING
from firmware.health.resets import COUNT_FILE, LIMIT, WATCHED_FILE, Resets
from firmware.services.boot import COMMAND, FAULT, POWER_ON, UNKNOWN, WATCHDOG
from firmware.session import Session
from firmware.store import number
from firmware.store.ram import RamFiles
from hil_tests.support.bench import APID, KEY, named
from hil_tests.support.virtual import VirtualLoop
from hil_tests.unit.event_table import table
from protocol.schema.bodies import stimulus
from protocol.schema.decode import decode
from protocol.wire import events, tables, tc

WATCHDOG_S = 8
DEADLINE_S = 3
TASKS = [pytest.param(which, id=NAMES[which]) for which in (SAMPLING, LINK, HEALTH)]


class Board(CpythonBoard):
    """Its clock is the loop's; its watchdog only notes when it was fed."""

    def __init__(self, loop):
        self._loop = loop
        super().__init__()
        self.fed_s = []
        self.has_watchdog = True

    def _ticks(self):
        return round(self._loop.now_s * 1e6)

    def on_terminate(self, stop):
        pass

    def watchdog(self, timeout_ms):
        assert timeout_ms == WATCHDOG_S * 1000
        return self if self.has_watchdog else None

    def feed(self):
        self.fed_s.append(self._loop.now_s)

    def longest_hunger_s(self, end_s):
        times = [0.0, *self.fed_s, end_s]
        return max(later - earlier for earlier, later in pairwise(times))


class Unit:
    """A live unit from one reset to the next, in virtual time; `files` outlive it."""

    def __init__(self, files, cause=POWER_ON, watchdog=True):
        self.loop = VirtualLoop()
        self.board = Board(self.loop)
        self.board.has_watchdog = watchdog
        self.sent = []
        self.inbox = []
        self.resets = Resets(files, cause)
        settings = SimpleNamespace(
            vehicle="sz20", unit="w1", apid=APID, key=KEY, store_bytes=1 << 20,
            speed_milli=1000, watchdog_ms=WATCHDOG_S * 1000,
        )  # fmt: skip
        self.app = App(
            self.board,
            self,
            settings,
            lambda send: Session(
                settings, self.board, table(), files, send,
                reset_reason=self.resets.reason, resets=self.resets.count,
            ),
            self.resets,
        )  # fmt: skip
        self._running = self.loop.create_task(self.app.run())

    def send(self, packet):
        self.sent.append(decode(packet))
        return True

    def proceed(self):
        pass

    async def run(self, on_packet, beat):
        """It is its own link."""
        while True:
            await beat()
            while self.inbox:
                on_packet(self.inbox.pop(0))
            await asyncio.sleep(0.5)

    def play(self, seconds):
        """Go on for so long, or to its end; returns the events meanwhile: (id, text, a)."""
        before = len(self.sent)
        self.loop.run_until_complete(asyncio.wait([self._running], timeout=seconds))
        if self._running.done():
            self._running.result()
        reports = named(self.sent[before:], "event_info", "event_low", "event_medium", "event_high")
        return [
            (p.raw["event_id"], p.raw["text"].rstrip(b"\0").decode(), p.raw["a"]) for p in reports
        ]

    def hang(self, which, kind, for_ms=0):
        counter = self.app._session.unit._door.next_counter
        command = tc.build(tables.TC_STIMULATE_HANG, APID, 0, counter, KEY, (which, kind, for_ms))
        self.inbox.append(command)

    @property
    def hungry(self):
        """Its watchdog has bitten by now."""
        return self.board.longest_hunger_s(self.loop.now_s) > WATCHDOG_S

    @property
    def ended(self):
        return self._running.done()

    def close(self):
        """The power goes."""
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.loop.run_until_complete(asyncio.sleep(1))
        self.loop.close()


@pytest.fixture
def start():
    started = []

    def make(files=None, *arguments, **options):
        started.append(Unit(RamFiles() if files is None else files, *arguments, **options))
        return started[-1]

    yield make
    for unit in started:
        unit.close()


def stored(files, name):
    return number.load(files, name, 1 << 30)[0][0]


def only(reports, *kinds):
    return [report for report in reports if report[0] in kinds]


TASK_EVENTS = (events.TASK_HUNG, events.TASK_RESTARTED, events.TASK_EXCEPTION)


def test_the_watchdog_is_fed_while_all_answer(start):
    unit = start()
    assert unit.play(600) == []
    assert unit.board.longest_hunger_s(unit.loop.now_s) <= 1


@pytest.mark.parametrize("which", TASKS)
def test_one_that_waits_for_ever_is_told_and_started_again(start, which):
    unit = start()
    unit.play(5)
    unit.hang(which, AWAIT)
    hung, restarted = only(unit.play(10), *TASK_EVENTS)
    assert hung[:2] == (events.TASK_HUNG, NAMES[which])
    assert DEADLINE_S * 1000 <= hung[2] <= DEADLINE_S * 1000 + 1000
    assert restarted[:2] == (events.TASK_RESTARTED, NAMES[which])
    assert only(unit.play(600), *TASK_EVENTS) == []
    assert not unit.hungry
    seconds = [p.time_us // 1_000_000 for p in named(unit.sent, "housekeeping")]
    assert seconds == list(range(len(seconds))), "no second is left out"


@pytest.mark.parametrize("which", TASKS)
def test_hung_again_within_a_minute_it_is_given_up(start, which):
    files = RamFiles()
    unit = start(files)
    unit.hang(which, AWAIT)
    unit.play(30)
    assert not unit.hungry
    unit.hang(which, AWAIT)
    unit.play(20)
    assert unit.hungry
    told = start(files, WATCHDOG).play(5)
    assert (told[0][0], told[0][1]) == (
        events.TASK_HUNG,
        f"{NAMES[which]}, so the unit was reset",
    )


@pytest.mark.parametrize("which", TASKS)
def test_hung_again_after_more_than_a_minute_it_is_started_again(start, which):
    unit = start()
    for _ in range(3):
        unit.hang(which, AWAIT)
        reports = only(unit.play(70), *TASK_EVENTS)
        assert [kind for kind, _, _ in reports] == [events.TASK_HUNG, events.TASK_RESTARTED]
    assert not unit.hungry


@pytest.mark.parametrize("which", TASKS)
def test_one_that_cannot_be_cancelled_is_given_up(start, which):
    unit = start()
    unit.hang(which, STUBBORN)
    unit.play(20)
    assert unit.hungry
    assert unit.board.fed_s[-1] < 3 * DEADLINE_S


def test_without_a_watchdog_a_unit_that_is_given_up_ends(start):
    unit = start(watchdog=False)
    unit.hang(LINK, STUBBORN)
    unit.play(30)
    assert (unit.ended, unit.app.failed) == (True, True)


def test_a_stall_of_all_is_no_one_tasks_fault(start):
    unit = start()
    unit.play(5)
    unit.loop.call_later(1, lambda: setattr(unit.loop, "now_s", unit.loop.now_s + 6))
    assert only(unit.play(60), *TASK_EVENTS) == []


def test_one_that_stays_without_memory_is_given_up(start, monkeypatch):
    unit = start()
    unit.play(5)
    inner = unit.app._session.unit

    def no_memory():
        raise MemoryError

    monkeypatch.setattr(inner._hits, "step", no_memory)
    reports = unit.play(30)
    assert any(
        kind == events.TASK_EXCEPTION and text.endswith("MemoryError") for kind, text, _ in reports
    )
    assert unit.hungry


def test_one_that_lacks_memory_even_to_say_so_is_given_up(start, monkeypatch):
    unit = start()
    unit.play(5)

    def no_memory(*_):
        raise MemoryError

    monkeypatch.setattr(unit.app._session, "step", no_memory)
    monkeypatch.setattr(unit.board, "where", no_memory)
    unit.play(30)
    assert unit.hungry


def test_resets_in_a_row_are_counted_until_a_healthy_minute(start):
    files = RamFiles()
    start(files).play(5)
    for count in (1, 2):
        unit = start(files, WATCHDOG)
        unit.play(30)
        boot = named(unit.sent, "boot")[0]
        assert (boot.raw["reset_reason"], boot.raw["resets"]) == (WATCHDOG, count)
        assert stored(files, COUNT_FILE) == count
    unit.play(31)
    assert stored(files, COUNT_FILE) == 0
    assert start(files, WATCHDOG).resets.count == 1


def test_at_the_limit_it_says_so_and_stops_for_maintenance(start):
    files = RamFiles()
    start(files).play(5)
    for _ in range(LIMIT - 1):
        start(files, WATCHDOG).play(5)
    unit = start(files, WATCHDOG)
    reports = unit.play(60)
    assert reports[0] == (events.RESETS, "", LIMIT)
    assert reports[-1][0] == events.MAINTENANCE
    assert (unit.ended, unit.app.retired, unit.app.failed) == (True, True, False)
    assert WATCHDOG_S < unit.loop.now_s < 2 * WATCHDOG_S, "time enough for the ground to hear it"


@pytest.mark.parametrize(
    ("cause", "watched", "reason", "count"),
    [
        (POWER_ON, 1, POWER_ON, 0),
        (WATCHDOG, 1, WATCHDOG, 3),
        (WATCHDOG, 0, COMMAND, 0),  # an RP2 resets itself by its watchdog
        (FAULT, 1, FAULT, 3),
        (UNKNOWN, 1, FAULT, 3),
        (UNKNOWN, 0, COMMAND, 0),
        (COMMAND, 1, COMMAND, 0),
    ],
)
def test_why_it_starts_is_what_board_and_store_say_together(cause, watched, reason, count):
    files = RamFiles()
    number.save(files, COUNT_FILE, 2)
    number.save(files, WATCHED_FILE, watched)
    resets = Resets(files, cause)
    assert (resets.reason, resets.count) == (reason, count)
    assert stored(files, WATCHED_FILE) == 0


def test_a_broken_store_does_not_keep_a_unit_from_starting(start):
    class Broken(RamFiles):
        def replace(self, name, data):
            raise OSError(5, "Input/output error")

    unit = start(Broken(), WATCHDOG)
    unit.play(100)
    assert not unit.hungry


def test_commands_name_tasks_and_ways_as_the_unit_does():
    assert tuple(stimulus.TASKS.values()) == NAMES
    assert stimulus.HANGS == {AWAIT: "await", STUBBORN: "stubborn", BUSY: "busy"}
