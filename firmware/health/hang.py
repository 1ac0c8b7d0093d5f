"""A task that hangs when it is told to (TC[131,6]): every way of hanging must be seen on boards."""

import asyncio

AWAIT, STUBBORN, BUSY = range(3)  # protocol/schema/bodies/stimulus.py
KINDS = 3
_PAUSE_S = 0.05


async def hang(kind, for_ms, clock_us):
    """Do not come back for so long; 0: for ever.

    AWAIT lets others run and itself be cancelled, STUBBORN only the first, BUSY neither.
    """
    end_us = clock_us() + for_ms * 1000
    while not for_ms or clock_us() < end_us:
        if kind == BUSY:
            continue
        try:
            await asyncio.sleep(_PAUSE_S)
        except asyncio.CancelledError:
            if kind == AWAIT:
                raise
