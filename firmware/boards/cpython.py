"""CPython on a computer: Construct packs, every kind of link opens."""

import asyncio
import os
import signal
import sys
import threading
import time
import uuid

from firmware.boards.generic import GenericBoard
from firmware.errors import ConfigError
from protocol.schema import encode

_READ_BYTES = 4096


class CpythonBoard(GenericBoard):
    """A laptop or a Linux board."""

    def __init__(self):
        super().__init__()
        self.pack = encode.pack

    def open_link(self, settings):
        """The link of settings.link; raises ConfigError when it can never work."""
        kind, _, rest = settings.link.partition(":")
        if kind == "fd" and rest.isdigit():
            from firmware.links.stream import StreamLink

            try:
                return StreamLink(Descriptor(int(rest)))
            except OSError as error:
                raise ConfigError(f"descriptor {rest} is not open ({error.strerror})") from error
        if kind == "mqtt":
            from firmware.links.mqtt import MqttLink

            return MqttLink(settings)
        from firmware.links.port import PortLink

        return PortLink(settings.link)

    async def input_closed(self):
        """Return when standard input ends. A thread waits, since Windows has no other way."""
        closed = asyncio.Event()
        loop = asyncio.get_running_loop()

        def wait():
            try:
                while os.read(0, _READ_BYTES):
                    pass
            except OSError:
                pass
            if not loop.is_closed():
                loop.call_soon_threadsafe(closed.set)

        threading.Thread(target=wait, daemon=True).start()
        await closed.wait()

    def run(self, main):
        """Run a coroutine in a loop that can watch sockets on every system (paho needs it)."""
        loop = asyncio.SelectorEventLoop if sys.platform == "win32" else None
        with asyncio.Runner(loop_factory=loop) as runner:
            runner.run(main)

    def on_terminate(self, stop):
        """Call stop() at SIGTERM and SIGINT."""
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            try:
                loop.add_signal_handler(name, stop)
            except NotImplementedError:  # Windows: KeyboardInterrupt ends the program
                return

    def heap_free(self):
        return 0

    def where(self, error):
        trace = error.__traceback__
        if trace is None:
            return ""
        while trace.tb_next:
            trace = trace.tb_next
        return f"{os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}"

    def _unique_id(self):
        return uuid.getnode().to_bytes(8, "big")

    def _ticks(self):
        return time.monotonic_ns() // 1000

    def _elapsed(self, earlier, later):
        return later - earlier


class Descriptor:
    """A descriptor (pty, socket, pipe) as the end of a stream link; made non-blocking."""

    def __init__(self, fd):
        self._fd = fd
        os.set_blocking(fd, False)

    def write(self, data):
        """Write what the line takes now; returns how many bytes. Raises OSError."""
        try:
            return os.write(self._fd, data)
        except BlockingIOError:
            return 0

    async def read(self):
        """Bytes when there are some; none at the end. Raises OSError."""
        while True:
            try:
                return os.read(self._fd, _READ_BYTES)
            except BlockingIOError:
                await self._readable()

    async def _readable(self):
        loop = asyncio.get_running_loop()
        ready = asyncio.Event()
        loop.add_reader(self._fd, ready.set)
        try:
            await ready.wait()
        finally:
            loop.remove_reader(self._fd)

