"""Faults of single frames, the same in virtual time and on every unit under test."""

FRAME_FAULTS = {
    "bit errors": {"bit_error_rate": 5e-4},
    "dropped": {"drop": 0.2},
    "duplicated": {"duplicate": 0.5},
    "reordered and delayed": {"reorder": 0.3},
    "noise bursts": {"noise": 0.5},
    "all at once": {
        "drop": 0.1, "duplicate": 0.1, "reorder": 0.1, "noise": 0.1, "bit_error_rate": 1e-4,
    },
}  # fmt: skip
"""Name to parameters of Line."""
FOREVER = ((0, 1 << 62),)
"""A direction that carries nothing."""
