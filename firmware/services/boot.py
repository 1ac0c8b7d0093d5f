"""Boot report TM[128,1]: who the unit is, first in a boot and then each 30 s."""

from firmware.version import VERSION
from protocol.wire.tables import SCHEMA_HASH, TM_BOOT

POWER_ON = 0
COMMAND = 2


def report(downlink, settings, board, window, reset_reason, next_counter):
    """Report the unit's identity."""
    downlink.make(
        TM_BOOT,
        (
            settings.vehicle.encode(),
            settings.unit.encode(),
            SCHEMA_HASH,
            VERSION.encode(),
            reset_reason,
            0,
            window.capability,
            window.sample_rate_hz,
            next_counter,
            board.runtime.encode(),
            board.unique_id,
        ),
    )
