"""One window unit from boot to boot. Everything that makes a packet runs in `Unit.step`."""

from firmware.detector.health import Health
from firmware.downlink import Downlink
from firmware.services import boot, event, time_report
from firmware.services.alive import Alive
from firmware.services.commands import FrontDoor
from firmware.services.handlers import handlers
from firmware.services.hit import HitReports
from firmware.services.keys import Keys
from firmware.services.large_data import LargeData
from firmware.services.limiter import Limiter
from firmware.services.maintenance import Maintenance
from firmware.services.monitoring import Monitoring
from firmware.services.parameters import Parameters
from firmware.services.pool import SAMPLE_US, Pool
from firmware.services.retrieval import Retrieval
from firmware.services.self_test import SelfTest
from firmware.services.stimulus import Stimulus
from firmware.services.storage import Storage
from firmware.services.structures import Structures
from firmware.store.recorder import Recorder
from protocol.wire import events

STEP_US = 20_000
HOUSEKEEPING_US = 1_000_000
TIME_US = 5_000_000
STORAGE_US = 10_000_000
BOOT_AGAIN_US = 5_000_000  # a link that comes up after the boot still learns of it
BOOT_US = 30_000_000
BOOT, SAMPLE, TIME, STORAGE = range(4)
FAILURES = 4  # parts of steps that failed and are reported, each 10 s
FAILURES_US = 10_000_000
INBOX = 32  # commands that may wait for a step; what is beyond counts as refused


class Unit:
    """A unit of `settings` (vehicle, unit, apid, key) that booted at scenario time `boot_us`.

    `send(packet) -> bool` is the link, `files` the recorder's medium. With `epoch_us` packets carry
    TAI, else time since boot (see Downlink).
    """

    def __init__(
        self,
        settings,
        board,
        window,
        files,
        send,
        boot_us=0,
        epoch_us=None,
        reset_reason=boot.POWER_ON,
        resets=0,
        housekeeping_us=HOUSEKEEPING_US,
    ):
        self._settings = settings
        self._board = board
        self._window = window
        self._reset_reason = reset_reason
        self._recorder = Recorder(files, settings.store_bytes, capturing=window.capturing)
        self._resets = resets
        self.starved = False  # the last step ran out of memory
        down = self._downlink = Downlink(
            board, self._recorder, settings.apid, send, boot_us, epoch_us
        )
        self._parameters = Parameters(down, files)
        self._storage = Storage(down, self._recorder)
        self._retrieval = Retrieval(down, self._recorder, self._storage, self._parameters)
        keys = Keys(down, files, settings.key)
        self._door = FrontDoor(down, self._recorder, settings.apid, keys)
        self._large_data = LargeData(down, window, self._parameters)
        health = Health()
        self._self_test = SelfTest(down, self._recorder, window, health, self._parameters)
        self._hits = HitReports(down, window, self._parameters, self._large_data, self._self_test)
        self._pool = Pool(down, board, self._recorder, window, health, self._hits, self._door)
        self._structures = Structures(down, self._pool, window, housekeeping_us)
        self._monitoring = Monitoring(down, self._pool)
        self.stimulus = Stimulus(down, window)
        self.maintenance = Maintenance(down)
        self._door.handlers = handlers(
            Alive(down),
            self._structures,
            event.Events(down),
            self._monitoring,
            self._retrieval,
            self._parameters,
            self._storage,
            self.stimulus,
            self.maintenance,
            self._self_test,
            keys,
        )
        self._inbox = []
        self._notes = []
        self._untold = False
        self._failures = Limiter(FAILURES, FAILURES_US)
        self._due_us = {}

    def receive(self, packet):
        """Take a command packet; it is judged and run in the next step."""
        if len(self._inbox) < INBOX:
            self._inbox.append(packet)
        else:
            self._door.refused += 1

    def note(self, event_id, text, a=0):
        """Have an event of protocol/wire/events.py reported in the next step."""
        self._notes.append((event_id, text, a))

    def step(self, tick_us):
        """Do all that is due at scenario time tick_us.

        Where there is no memory even to note that, the rest is left out; it is told when there is.
        """
        try:
            self._do_due(tick_us)
        except MemoryError:
            self.starved = self._untold = True

    def _do_due(self, tick_us):
        """In this order; the boot report is first."""
        self._board.stepped()
        self.starved = False
        self._downlink.tick_us = tick_us
        if BOOT not in self._due_us:
            self._due_us[BOOT] = tick_us + BOOT_AGAIN_US
            self._try(self._report_boot)
        if self._untold and self._failures.allow(tick_us):
            self.note(events.TASK_EXCEPTION, "MemoryError")
            self._untold = False
        self._report_notes()
        self._step(self._parameters)
        self._take_commands()
        self._step(self.stimulus)
        self._move_on(tick_us)
        self._step(self._hits)
        if self._due(SAMPLE, SAMPLE_US):
            self._try(self._pool.sample)
            self._try(self._monitor)
        self._step(self._self_test)
        self._step(self._structures)
        if self._due(TIME, TIME_US):
            self._try(time_report.report, self._downlink)
        if self._due(STORAGE, STORAGE_US):
            self._try(self._storage.report)
        if self._due(BOOT, BOOT_US):
            self._try(self._report_boot)
        self._step(self._retrieval)
        self._step(self._storage)
        self._step(self._large_data)
        self._downlink.deliver(self._retrieval)

    def close(self):
        """Write what the recorder still holds in memory."""
        self._recorder.flush()

    def _step(self, part):
        """Its part of a step: as _try does it, but without a method's object made each time."""
        try:
            part.step()
        except Exception as error:
            self._report_failure(error)

    def _move_on(self, tick_us):
        """The window's part, like _step."""
        try:
            self._window.advance(tick_us)
        except Exception as error:
            self._report_failure(error)

    def _try(self, work, *arguments):
        """Do one part of a step; when it raises, report file and line, and the others go on."""
        try:
            work(*arguments)
        except Exception as error:
            self._report_failure(error)

    def _report_failure(self, error):
        if isinstance(error, MemoryError):
            self.starved = self._untold = True  # to say where takes memory too
        elif self._failures.allow(self._downlink.tick_us):
            place = "%s %s" % (self._board.where(error), type(error).__name__)
            self.note(events.TASK_EXCEPTION, place)

    def _due(self, what, interval_us):
        """True once in each interval, the first time at once."""
        due_us = self._due_us.get(what, self._downlink.tick_us)
        if self._downlink.tick_us < due_us:
            return False
        self._due_us[what] = due_us + interval_us
        return True

    def _monitor(self):
        """A suspected leak starts a self-test: a gauge that drifts is no witness."""
        if self._monitoring.check():
            self._self_test.begin()

    def _report_boot(self):
        boot.report(
            self._downlink,
            self._settings,
            self._board,
            self._window,
            self._reset_reason,
            self._resets,
            self._door.next_counter,
        )

    def _report_notes(self):
        if not self._notes:
            return
        notes, self._notes = self._notes, []
        for event_id, text, a in notes:
            self._try(event.report, self._downlink, event_id, a, 0, text)

    def _take_commands(self):
        if self._inbox:
            inbox, self._inbox = self._inbox, []
            for packet in inbox:
                self._try(self._door.take, packet)
        self._step(self._door)
