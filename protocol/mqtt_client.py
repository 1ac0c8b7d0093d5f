"""What both ends of MQTT share on CPython, by aiomqtt; no board has it."""

from __future__ import annotations

import asyncio
import ssl
from types import TracebackType
from typing import Final

import aiomqtt

SETTLED_S: Final = 60.0
"""A connection that lasted so long was not ended by another client of its name: such two come
again before, and end each other's."""
BRIEF: Final = 2
"""So many ended before, one after the other: that is no coincidence."""


class QuietClient(aiomqtt.Client):
    """Of a connection that the broker ended, what was under way tells; asyncio says no more."""

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """Disconnect; raises MqttError."""
        ended = self._disconnected
        try:
            await super().__aexit__(exc_type, exc, tb)
        finally:
            if ended.done() and not ended.cancelled():
                ended.exception()  # looked at: else its traceback is printed when it is collected


def leave_if_cancelled() -> None:
    """Raise the cancellation that an error while leaving hid, or `wait_for` of Python 3.11."""
    task = asyncio.current_task()
    if task and task.cancelling():
        raise asyncio.CancelledError


def distrust(error: aiomqtt.MqttError) -> str:
    """Why the broker's certificate is not trusted, and what to do; empty for another error."""
    if not isinstance(cause := error.__context__, ssl.SSLCertVerificationError):
        return ""
    return (
        f"the broker's certificate is not trusted here ({cause.verify_message}); "
        "name the one behind it: --ca FILE"
    )
