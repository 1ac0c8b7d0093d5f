"""Why the unit starts, and how many watchdog and fault resets came in a row; kept in its store.

A medium that fails loses the count, not the unit; the recorder reports it.
"""

from firmware.services.boot import COMMAND, FAULT, POWER_ON, UNKNOWN, WATCHDOG
from firmware.store import number

LIMIT = 3  # then the unit stays in maintenance
COUNT_FILE = "resets"
WATCHED_FILE = "watched"  # 1 while the unit runs under its watchdog
STOP_FILE = "stop"  # 1: the next start stays in maintenance
HUNG_FILE = "hung"  # task and ms of the one for which the unit was given up, else 0
_COUNT_END = 255
_HUNG_END = 999_999_999
_MS = 10_000_000


class Resets:
    """What the store and the board say at a start; `cause` is one of services/boot.py."""

    def __init__(self, files, cause=POWER_ON):
        self._files = files
        watched = self._load(WATCHED_FILE, 1)
        if cause == WATCHDOG and not watched:
            cause = COMMAND  # rp2 resets by its watchdog when it is told to, too
        elif cause == UNKNOWN:
            cause = FAULT if watched else COMMAND
        before = self._load(COUNT_FILE, _COUNT_END)
        again = cause in (WATCHDOG, FAULT)
        self.reason = cause
        self.count = min(before + 1, _COUNT_END) if again else 0
        self.stop = bool(self._load(STOP_FILE, 1))
        self.hung = divmod(self._load(HUNG_FILE, _HUNG_END), _MS)  # (task, ms); ms 0: none
        self._put(COUNT_FILE, self.count, before)
        self._put(WATCHED_FILE, 0, watched)
        self._put(STOP_FILE, 0, int(self.stop))
        self._put(HUNG_FILE, 0, self.hung[1])

    def armed(self):
        """From now on the watchdog must be fed."""
        self._put(WATCHED_FILE, 1)

    def healthy(self):
        """The unit has run well for a while: the count begins anew."""
        self._put(COUNT_FILE, 0)

    def lost(self, task, ms):
        """This task cannot be helped: the unit is about to be reset."""
        self._put(HUNG_FILE, task * _MS + min(ms, _MS - 1))

    def ended(self):
        """The unit ends of its own will."""
        self._put(WATCHED_FILE, 0)

    def stop_next(self):
        """The next start stays in maintenance."""
        self._put(STOP_FILE, 1)

    def _load(self, name, highest):
        numbers, _ = number.load(self._files, name, highest)
        return numbers[0] if numbers else 0

    def _put(self, name, value, before=None):
        if value != before:
            try:
                number.save(self._files, name, value)
            except OSError:
                pass
