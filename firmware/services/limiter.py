"""Keeps a sender that floods the unit from flooding the downlink."""


class Limiter:
    """Allows `count` reports in each window of time."""

    def __init__(self, count, window_us):
        self._count = count
        self._window_us = window_us
        self._start_us = None
        self._used = 0

    def allow(self, now_us):
        """True, and one used, while the window's allowance lasts."""
        if self._start_us is None or now_us - self._start_us >= self._window_us:
            self._start_us = now_us
            self._used = 0
        if self._used >= self._count:
            return False
        self._used += 1
        return True
