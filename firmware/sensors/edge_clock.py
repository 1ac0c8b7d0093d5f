"""Counters that wrap."""

COUNTS = 1 << 32


def unwrap(count, lowest, period):
    """The least number from `lowest` on that is `count` but for whole periods."""
    return lowest + (count - lowest) % period
