"""CCSDS unsegmented time code (301.0-B), 4 + 3 bytes without P-field, from integer µs.

Epoch 2020-01-01T00:00:00 TAI, or the unit's boot while its time status is 0. Encode by floor
and decode to nearest: so every µs survives the 2^-24 s (59.6 ns) steps.
"""

STATUS_SINCE_BOOT = 0
STATUS_TAI = 1


def from_us(time_us: int) -> tuple[int, int]:
    """Microseconds since the epoch as (coarse s, fine 2^-24 s)."""
    coarse = time_us // 1000000
    return coarse & 0xFFFFFFFF, ((time_us - coarse * 1000000) << 24) // 1000000


def to_us(coarse: int, fine: int) -> int:
    """(coarse s, fine 2^-24 s) as the nearest microsecond since the epoch."""
    return coarse * 1000000 + ((fine * 1000000 + (1 << 23)) >> 24)
