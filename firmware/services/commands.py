"""The front door: every command's form, signature and counter are checked here, then it is run.

The last 16 signed commands are remembered. A byte-identical repeat runs nothing and gets the same
reports again; a counter that was used otherwise, or is too old to know, is a replay. So is the last
one of 32 bits, for the unit reports which comes next: then a new key is due.
"""

from firmware.services import event
from firmware.services.limiter import Limiter
from firmware.services.verification import Verification
from protocol.wire import tc
from protocol.wire.events import COMMAND_FORGED, COMMAND_REPLAY

MEMORY = 16
COUNTER_STEP = 256  # counters are reserved on the medium in steps, to spare it
# Were both its files damaged, counters begin at 0 again, with an event: old commands are then taken
# until the next genuine one. They delete nothing new, since boot ids do not come again.
COUNTER_FILE = "counter"
COUNTER_END = 0xFFFFFFFF  # counters are below
REFUSALS = 4  # reports in 10 s; what is beyond is only counted
REPEATS = 8
WINDOW_US = 10_000_000


class Remembered:
    """A signed command that was taken."""

    def __init__(self, counter, mac):
        self.counter = counter
        self.mac = mac
        self.reports = []


class Request:
    """A command that is run. Its handler calls `finish` once, now or later."""

    def __init__(self, command, verification, reports):
        self.values = command.values
        self._command = command
        self._verification = verification
        self._reports = reports

    def start(self):
        """It begins after it had to wait."""
        self._verification.started(self._command, self._reports)

    def finish(self, failure=0):
        """It is done, or has failed for a reason of tc.FAIL_*."""
        if failure:
            self._verification.failed(self._command, failure, self._reports)
        else:
            self._verification.completed(self._command, self._reports)


class FrontDoor:
    """Takes command packets. `handlers[i]`, given a Request, runs the command tables.TC_*[i]."""

    def __init__(self, downlink, recorder, apid, keys):
        self.accepted = 0
        self.refused = 0
        self._downlink = downlink
        self._recorder = recorder
        self._apid = apid
        self._keys = keys
        self.handlers = {}
        self._verification = Verification(downlink)
        self._memory = []
        self._reserved = recorder.load(COUNTER_FILE, COUNTER_END)
        self.next_counter = self._reserved
        self._refusals = Limiter(REFUSALS, WINDOW_US)
        self._repeats = Limiter(REPEATS, WINDOW_US)
        self._forged_events = Limiter(1, WINDOW_US)
        self._forged = 0

    def take(self, packet):
        """Judge one packet and run it when it is in order."""
        command = self._keys.parse(packet, self._apid)
        if command is None or not command.mac or command.failure == tc.FAIL_FORGED:
            self._refuse_unsigned(command)
            return
        for known in self._memory:
            if known.counter == command.counter:
                if known.mac == command.mac:
                    self._repeat(known)
                else:
                    self._refuse_replay(command)
                return
        if not self.next_counter <= command.counter < COUNTER_END:
            self._refuse_replay(command)
            return
        self._run(command, self._remember(command))

    def step(self):
        """Report the forgeries since the last such report, at most once in 10 s."""
        if self._forged and self._forged_events.allow(self._downlink.tick_us):
            event.report(self._downlink, COMMAND_FORGED, self._forged)
            self._forged = 0

    def _run(self, command, known):
        if command.failure:
            self.refused += 1
            self._verification.refused(command, command.failure, known.reports)
            return
        self.accepted += 1
        self._verification.accepted(command, known.reports)
        request = Request(command, self._verification, known.reports)
        self.handlers[tc.find(command.service, command.subtype)](request)

    def _remember(self, command):
        """Note the counter as used, on the medium before anything is run."""
        if command.counter >= self._reserved:
            step_end = (command.counter // COUNTER_STEP + 1) * COUNTER_STEP
            self._reserved = min(step_end, COUNTER_END)
            self._recorder.save(COUNTER_FILE, self._reserved)
        self.next_counter = command.counter + 1
        known = Remembered(command.counter, command.mac)
        self._memory.append(known)
        if len(self._memory) > MEMORY:
            self._memory.pop(0)
        return known

    def _repeat(self, known):
        for packet in known.reports:
            if self._repeats.allow(self._downlink.tick_us):
                self._downlink.resend(packet)

    def _refuse_unsigned(self, command):
        self.refused += 1
        self._forged += 1
        if command is not None and self._refusals.allow(self._downlink.tick_us):
            self._verification.refused(command, command.failure, [])

    def _refuse_replay(self, command):
        self.refused += 1
        if self._refusals.allow(self._downlink.tick_us):
            self._verification.refused(command, tc.FAIL_REPLAY, [])
            event.report(self._downlink, COMMAND_REPLAY, command.counter)
