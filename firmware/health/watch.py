"""Whether a task has answered in time, and what to do when it has not: the escalation ladder."""

FINE, RESTART, GIVE_UP = range(3)


class Watch:
    """Of one task, which must answer within `deadline_ms`.

    One that hangs is started again; hung again within `again_ms`, it is given up, and so for good.
    """

    def __init__(self, deadline_ms, again_ms):
        self.quiet_ms = 0
        self._deadline_ms = deadline_ms
        self._again_ms = again_ms
        self._since_hung_ms = again_ms

    def answered(self):
        """The task is alive."""
        self.quiet_ms = 0

    def passed(self, ms):
        """So much time has passed; returns FINE, RESTART or GIVE_UP."""
        self.quiet_ms += ms
        self._since_hung_ms = min(self._since_hung_ms + ms, self._again_ms)
        if self.quiet_ms < self._deadline_ms:
            return FINE
        if self._since_hung_ms < self._again_ms:
            return GIVE_UP
        self._since_hung_ms = 0
        return RESTART
