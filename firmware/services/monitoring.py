"""ST[12] onboard monitoring: limits, expected values and changes of pool parameters, each second.

A monitor is disabled, passive (transitions are reported) or enabled (it raises its event, too).
What is changed by command lasts until a reboot.
"""

from array import array

from firmware.services import event
from protocol.wire import events, tables
from protocol.wire.tc import FAIL_ARGUMENT, FAIL_FULL, FAIL_NO_ITEM

LIMIT, EXPECTED, DELTA = range(3)
DISABLED, PASSIVE, ENABLED = range(3)
UNCHECKED, INVALID, WITHIN, BELOW, ABOVE, UNEXPECTED = range(6)
MONITORS = 16
LONGEST_S = 300
SAMPLE_US = 1_000_000
_ANY_HIGH = 0x7FFFFFFF

# P/T of a sealed volume: a reading has a σ of 23 Pa (20 Pa, and 0.05 K of two panes at 346 Pa/K), a
# change of it 33 Pa; the orbit with the gas 120 s behind moves it by 16 Pa in a minute, glass that
# still counts as steady (0.7 K) by 242. 300 Pa, five times running, is then never noise. A hole of
# 0.1 mm passes it in 3 s, one of 20 µm in a minute. The order of the numbers:
# protocol/schema/bodies/monitoring.py.
_DEFAULTS = (
    (1, tables.POOL_PN_GAP2, DELTA, 5, -3000, _ANY_HIGH, 0, 60, tables.POOL_STEADY_GAP2,
     events.LEAK_SUSPECTED),
    (2, tables.POOL_PN_CABIN, DELTA, 5, -3000, _ANY_HIGH, 0, 60, tables.POOL_STEADY_CABIN,
     events.LEAK_SUSPECTED),
    (3, tables.POOL_P_GAP2, LIMIT, 3, 800000, _ANY_HIGH, 0, 0, 0, events.MONITOR_VIOLATED),
    (4, tables.POOL_P_CABIN, LIMIT, 3, 900000, _ANY_HIGH, 0, 0, 0, events.MONITOR_VIOLATED),
    (5, tables.POOL_AE_HEALTH, EXPECTED, 1, 63, 0, 63, 0, 0, 0),
    (6, tables.POOL_SENSOR_HEALTH, EXPECTED, 1, 63, 0, 63, 0, 0, 0),
)  # fmt: skip


class Monitor:
    """One check and its results so far."""

    def __init__(self, definition, state):
        self.definition = definition  # all but the number, as in TC[12,5]
        self.state = state
        self.result = UNCHECKED
        self._candidate = UNCHECKED
        self._running = 0
        self._seconds = 0
        over_s = definition[6] if definition[1] == DELTA else 0
        self._past = array("i", (0 for _ in range(over_s)))

    def forget(self):
        """Begin again, as after it was disabled."""
        self.result = self._candidate = UNCHECKED
        self._running = self._seconds = 0

    def check(self, pool):
        """Take a second; (result before, value, limit) when the result changed, else None."""
        parameter, check, repetition, low, high, mask, _, valid, _ = self.definition
        found = pool[parameter]
        if check == DELTA:
            found = self._change(found)
        result, limit = INVALID, 0
        if found is not None and (valid == 0 or pool[valid]):
            result, limit = _judge(check, found, low, high, mask)
        self._running = self._running + 1 if result == self._candidate else 1
        self._candidate = result
        if result == self.result or self._running < repetition:
            return None
        before, self.result = self.result, result
        return before, found or 0, limit

    def _change(self, value):
        """The change over the time of the definition; None while that has not passed."""
        at = self._seconds % len(self._past)
        before = self._past[at]
        self._past[at] = value
        self._seconds += 1
        return value - before if self._seconds > len(self._past) else None


class Monitoring:
    """Checks every monitor on the pool, and takes the commands of ST[12]."""

    def __init__(self, downlink, pool):
        self._downlink = downlink
        self._pool = pool
        self._order = []
        self._monitors = {}
        for number, *definition in _DEFAULTS:
            self._add(number, definition, ENABLED if definition[-1] else PASSIVE)

    def check(self):
        """Report transitions; returns True when a leak is newly suspected."""
        leak = False
        for number in self._order:
            monitor = self._monitors[number]
            if monitor.state == DISABLED:
                continue
            changed = monitor.check(self._pool.values)
            if changed is None:
                continue
            before, found, limit = changed
            if before < BELOW and monitor.result < BELOW:
                continue  # neither is a violation
            since_us = (monitor.definition[2] - 1) * SAMPLE_US
            self._downlink.make(
                tables.TM_MONITOR_TRANSITION,
                (number, monitor.definition[0], before, monitor.result, found, limit, since_us),
            )
            raised = monitor.definition[8]
            if raised and monitor.result >= BELOW and monitor.state == ENABLED:
                event.report(self._downlink, raised, number, found)
                leak = leak or raised == events.LEAK_SUSPECTED
        return leak

    def enable(self, request):
        """TC[12,1]."""
        self._set(request, ENABLED)

    def disable(self, request):
        """TC[12,2]."""
        self._set(request, DISABLED)

    def passivate(self, request):
        """TC[12,128]."""
        self._set(request, PASSIVE)

    def add(self, request):
        """TC[12,5]: disabled at first."""
        number, *definition = request.values
        if number in self._monitors or not _sound(definition):
            request.finish(FAIL_ARGUMENT)
        elif len(self._order) >= MONITORS:
            request.finish(FAIL_FULL)
        else:
            self._add(number, definition, DISABLED)
            request.finish()

    def modify(self, request):
        """TC[12,7]: it keeps its state and begins again."""
        number, *definition = request.values
        if number not in self._monitors:
            request.finish(FAIL_NO_ITEM)
        elif not _sound(definition):
            request.finish(FAIL_ARGUMENT)
        else:
            self._monitors[number] = Monitor(definition, self._monitors[number].state)
            request.finish()

    def delete(self, request):
        """TC[12,6]."""
        if self._find(request):
            (number,) = request.values
            del self._monitors[number]
            self._order.remove(number)
            request.finish()

    def report(self, request):
        """TC[12,8]: TM[12,9]."""
        monitor = self._find(request)
        if monitor:
            values = [request.values[0], monitor.state, monitor.result]
            values.extend(monitor.definition)
            self._downlink.make(tables.TM_MONITOR, values)
            request.finish()

    def _add(self, number, definition, state):
        self._monitors[number] = Monitor(definition, state)
        self._order.append(number)

    def _find(self, request):
        monitor = self._monitors.get(request.values[0])
        if monitor is None:
            request.finish(FAIL_NO_ITEM)
        return monitor

    def _set(self, request, state):
        monitor = self._find(request)
        if monitor:
            if DISABLED in (state, monitor.state):
                monitor.forget()
            monitor.state = state
            request.finish()


def _judge(check, found, low, high, mask):
    if check == EXPECTED:
        return (WITHIN if found & mask == low else UNEXPECTED), low
    if found < low:
        return BELOW, low
    if found > high:
        return ABOVE, high
    return WITHIN, 0


def _sound(definition):
    """True for a definition that can be checked."""
    parameter, check, repetition, low, high, _, over_s, valid, raised = definition
    return (
        1 <= parameter < tables.POOL_SIZE
        and valid < tables.POOL_SIZE
        and check <= DELTA
        and repetition >= 1
        and (check == EXPECTED or low <= high)
        and (check != DELTA or 1 <= over_s <= LONGEST_S)
        and (raised == 0 or event.declared(raised))
    )
