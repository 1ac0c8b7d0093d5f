"""CPython on a computer: Construct packs, every kind of link opens."""

import asyncio
import faulthandler
import os
import signal
import sys
import threading
import time
import uuid
from collections.abc import Callable, Coroutine
from typing import Any

from firmware.boards.generic import GenericBoard
from firmware.boards.launched import told
from firmware.settings import Settings
from protocol.schema import encode

_READ_BYTES = 4096
_STDERR = 2
_WRITING_S = 0.2  # of where every thread was


class CpythonBoard(GenericBoard):
    """A laptop or a Linux board."""

    def __init__(self) -> None:
        super().__init__()
        self.pack = encode.pack
        self._watchdog: Watchdog | None = None

    def open_link(self, settings: Settings) -> Any:
        """The link of settings.link; raises ConfigError when it can never work."""
        from firmware.links.cpython import open_link  # a simulation needs none of it

        return open_link(settings.link, settings.vehicle, settings.unit, settings.ca)

    async def input_closed(self) -> None:
        """Return when standard input ends. A thread waits, since Windows has no other way."""
        closed = asyncio.Event()
        loop = asyncio.get_running_loop()

        def wait() -> None:
            try:
                while os.read(0, _READ_BYTES):
                    pass
            except OSError:
                pass
            if not loop.is_closed():
                loop.call_soon_threadsafe(closed.set)

        threading.Thread(target=wait, daemon=True).start()
        await closed.wait()

    def run(self, main: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine in a loop that can watch sockets on every system (paho needs it)."""
        loop = asyncio.SelectorEventLoop if sys.platform == "win32" else None
        with asyncio.Runner(loop_factory=loop) as runner:
            runner.run(main)

    def on_terminate(self, stop: Callable[[], None]) -> None:
        """Call stop() at SIGTERM and SIGINT."""
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            try:
                loop.add_signal_handler(name, stop)
            except NotImplementedError:  # Windows: KeyboardInterrupt ends the program
                return

    def reset_cause(self) -> int:
        return int(told())

    def watchdog(self, timeout_ms: int) -> "Watchdog":
        self._watchdog = Watchdog(timeout_ms / 1000)
        return self._watchdog

    def unwatch(self) -> bool:
        if self._watchdog:
            self._watchdog.stop()
        return True

    def hand_back(self) -> None:
        """Nothing: the terminal was never taken."""

    def heap_free(self) -> int:
        return 0

    def where(self, error: BaseException) -> str:
        trace = error.__traceback__
        if trace is None:
            return ""
        while trace.tb_next:
            trace = trace.tb_next
        return f"{os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}"

    def _unique_id(self) -> bytes:
        return uuid.getnode().to_bytes(8, "big")

    def _ticks(self) -> int:
        return time.monotonic_ns() // 1000

    def _elapsed(self, earlier: int, later: int) -> int:
        return later - earlier


class Watchdog:
    """Ends the process when it is not fed, whatever the interpreter is doing.

    A thread in C writes where every thread was; then the kernel ends the process by SIGALRM.
    Windows has no such timer: there that thread ends it, with exit code 1.
    """

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self.feed()

    def feed(self) -> None:
        """Another `timeout_s`."""
        if sys.platform == "win32":
            faulthandler.dump_traceback_later(self._timeout_s, exit=True, file=_STDERR)
        else:
            faulthandler.dump_traceback_later(self._timeout_s, file=_STDERR)
            signal.setitimer(signal.ITIMER_REAL, self._timeout_s + _WRITING_S)

    def stop(self) -> None:
        """A process can leave its watchdog, unlike a board."""
        faulthandler.cancel_dump_traceback_later()
        if sys.platform != "win32":
            signal.setitimer(signal.ITIMER_REAL, 0)
