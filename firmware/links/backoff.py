"""Waits longer after each failure, and says each change of state once."""

import sys

FIRST_S = 0.25
LONGEST_S = 15.0


class Backoff:
    """The state of one connection."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._said = ""
        self._wait_s = FIRST_S

    def succeeded(self, settled: bool = True) -> None:
        """Connected: the next wait is short again, unless connections are known not to last."""
        if settled:
            self._wait_s = FIRST_S
        self._say("connected")

    def failed(self, why: str) -> float:
        """Not connected; returns the seconds to wait before the next try."""
        self._say("not connected (%s), trying again" % why)
        wait_s = self._wait_s
        self._wait_s = min(2 * wait_s, LONGEST_S)
        return wait_s

    def _say(self, state: str) -> None:
        if state != self._said:
            self._said = state
            print("firmware: %s: %s" % (self._name, state), file=sys.stderr)
