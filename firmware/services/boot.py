"""Boot report TM[128,1]: who the unit is, first in a boot and then each 30 s."""

from firmware.version import VERSION
from protocol.wire.tables import SCHEMA_HASH, TM_BOOT

POWER_ON, WATCHDOG, COMMAND, FAULT, BROWN_OUT, UNKNOWN = range(6)  # protocol/schema/bodies/boot.py


def report(downlink, settings, board, window, reset_reason, resets, next_counter):
    """Report the unit's identity, and why it started."""
    downlink.make(
        TM_BOOT,
        (
            settings.vehicle.encode(),
            settings.unit.encode(),
            SCHEMA_HASH,
            VERSION.encode(),
            reset_reason,
            resets,
            window.capability,
            window.sample_rate_hz,
            next_counter,
            board.runtime.encode(),
            board.unique_id,
        ),
    )
