"""The power supply of one unit in the foreground: after a watchdog reset it starts again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from types import FrameType

from firmware.boards import launched
from firmware.services.boot import POWER_ON, WATCHDOG
from tools.run.child import OWN_GROUP


def supply(command: Sequence[str], name: str) -> int:
    """Run a program until it ends otherwise than by its watchdog; returns its exit code.

    Its standard input is a pipe that ends with this process. Signals are passed on.
    """
    process: subprocess.Popen[bytes] | None = None
    asked: list[int] = []
    number: int

    def pass_on(number: int, _: FrameType | None) -> None:
        asked.append(number)
        if process:
            process.send_signal(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, pass_on)
    cause = POWER_ON
    while True:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            env=os.environ | {launched.VARIABLE: str(cause)},
            **OWN_GROUP,
        )
        for number in asked:  # came before there was one
            process.send_signal(number)
        code = process.wait()
        cause = launched.cause(code)
        if asked or cause != WATCHDOG:
            return code if code >= 0 else 128 - code  # as shells have it
        print(f"{name} was reset by its watchdog and starts again", file=sys.stderr)
