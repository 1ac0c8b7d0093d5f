"""ST[09] time report: what the ground correlates the clocks by."""

from protocol.wire.tables import TM_TIME


def report(downlink):
    """Report the time since boot."""
    downlink.make(TM_TIME, (downlink.since_boot_us(),))
