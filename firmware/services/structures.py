"""ST[03] housekeeping: the one structure of all readings, and those made at run time.

Structure 1 is TM[3,25]; diagnostic structures, TM[3,26], take any parameters of the pool, each with
its number, so that they can be read without knowing what was asked for. They last until a reboot.
"""

from protocol.wire.tables import (
    POOL_AE_HEALTH,
    POOL_P_GAP1,
    POOL_SIZE,
    TM_DIAGNOSTIC,
    TM_DIAGNOSTIC_STRUCTURE,
    TM_HOUSEKEEPING,
    TM_HOUSEKEEPING_STRUCTURE,
)
from protocol.wire.tc import FAIL_ARGUMENT, FAIL_FULL, FAIL_NO_ITEM

HOUSEKEEPING = 1
SLOTS = 12
STRUCTURES = 8  # made at run time
GRID_MS = 20  # a step of the unit
SHORTEST_MS, LONGEST_MS = 100, 3_600_000
PRESSURES = 3  # then three temperatures
SLOW = 6


class Structure:
    """What is sent together, and how often. `numbers`: pool parameters, 0 for none."""

    def __init__(self, interval_us, numbers, enabled):
        self.interval_us = interval_us
        self.numbers = numbers
        self.enabled = enabled
        self.due_us = None


class Structures:
    """Sends what is due from the pool, and takes the commands of ST[03]."""

    def __init__(self, downlink, pool, window, interval_us):
        self._downlink = downlink
        self._pool = pool
        self._window = window
        self._counts = list(window.crossings)
        self._order = [HOUSEKEEPING]
        self._structures = {HOUSEKEEPING: Structure(interval_us, (0,) * SLOTS, True)}

    def step(self):
        """Send each structure that is due."""
        for key in self._order:
            structure = self._structures[key]
            if not structure.enabled:
                continue
            if structure.due_us is None:
                structure.due_us = self._downlink.tick_us
            if self._downlink.tick_us >= structure.due_us:
                structure.due_us += structure.interval_us
                if key == HOUSEKEEPING:
                    self._report()
                else:
                    self._diagnose(key, structure.numbers)

    def create(self, request):
        """TC[3,2]: made, but not sent."""
        key, interval_ms = request.values[:2]
        numbers = request.values[2:]
        if key <= HOUSEKEEPING or key in self._structures or not _interval(interval_ms):
            request.finish(FAIL_ARGUMENT)
        elif not any(numbers) or max(numbers) >= POOL_SIZE:
            request.finish(FAIL_ARGUMENT)
        elif len(self._order) > STRUCTURES:
            request.finish(FAIL_FULL)
        else:
            self._structures[key] = Structure(interval_ms * 1000, numbers, False)
            self._order.append(key)
            request.finish()

    def delete(self, request):
        """TC[3,4]."""
        if self._find(request, False):
            key = request.values[0]
            del self._structures[key]
            self._order.remove(key)
            request.finish()

    def enable_housekeeping(self, request):
        """TC[3,5]."""
        self._enable(request, True, True)

    def disable_housekeeping(self, request):
        """TC[3,6]: time reports and events go on, and the monitors see every second."""
        self._enable(request, True, False)

    def enable_diagnostic(self, request):
        """TC[3,7]."""
        self._enable(request, False, True)

    def disable_diagnostic(self, request):
        """TC[3,8]."""
        self._enable(request, False, False)

    def report_housekeeping(self, request):
        """TC[3,9]: TM[3,10]; what structure 1 holds is declared, so it names no parameters."""
        self._describe(request, True, TM_HOUSEKEEPING_STRUCTURE)

    def report_diagnostic(self, request):
        """TC[3,11]: TM[3,12]."""
        self._describe(request, False, TM_DIAGNOSTIC_STRUCTURE)

    def change_housekeeping(self, request):
        """TC[3,31]."""
        self._change(request, True)

    def change_diagnostic(self, request):
        """TC[3,32]."""
        self._change(request, False)

    def _find(self, request, housekeeping):
        """The structure that a request names; None when there is no such one."""
        key = request.values[0]
        if (key == HOUSEKEEPING) == housekeeping and key in self._structures:
            return self._structures[key]
        request.finish(FAIL_NO_ITEM)
        return None

    def _enable(self, request, housekeeping, enabled):
        structure = self._find(request, housekeeping)
        if structure:
            if enabled and not structure.enabled:
                structure.due_us = None
            structure.enabled = enabled
            request.finish()

    def _change(self, request, housekeeping):
        structure = self._find(request, housekeeping)
        if structure:
            interval_ms = request.values[1]
            if _interval(interval_ms):
                structure.interval_us = interval_ms * 1000
                structure.due_us = None
                request.finish()
            else:
                request.finish(FAIL_ARGUMENT)

    def _describe(self, request, housekeeping, kind):
        structure = self._find(request, housekeeping)
        if structure:
            values = [request.values[0], int(structure.enabled), structure.interval_us // 1000]
            values.extend(structure.numbers)
            self._downlink.make(kind, values)
            request.finish()

    def _diagnose(self, key, numbers):
        values = [key]
        for number in numbers:
            values.append(number)
            values.append(self._pool.values[number] if number else 0)
        self._downlink.make(TM_DIAGNOSTIC, values)

    def _report(self):
        pool = self._pool.values
        values = [HOUSEKEEPING]
        for i in range(SLOW):
            value = pool[POOL_P_GAP1 + i]
            values.append(max(0, value) if i < PRESSURES else value)
        for k in range(len(self._counts)):
            count = self._window.crossings[k]
            values.append(min(count - self._counts[k], 0xFFFF))
            self._counts[k] = count
        healths_and_counters = pool[POOL_AE_HEALTH:POOL_SIZE]
        for i in range(len(healths_and_counters)):
            value = healths_and_counters[i]
            values.append(value & 0xFFFF if i in (3, 4) else value)  # commands: 16 bits
        self._downlink.make(TM_HOUSEKEEPING, values)


def _interval(interval_ms):
    return SHORTEST_MS <= interval_ms <= LONGEST_MS and interval_ms % GRID_MS == 0
