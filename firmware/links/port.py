"""Serial frames over any pyserial URL (CPython): a device, socket://, rfc2217://.

pyserial waits in its calls, so two threads wait for us: one opens and reads, one writes. The writer
writes whole frames; a frame that a port took in part ends at the next frame's delimiter.
"""

import asyncio
import queue
import re
import threading
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import serial

from firmware.errors import ConfigError
from firmware.links.backoff import Backoff
from firmware.links.stream import BEAT_S
from protocol.wire.frame import Deframer, encode

BAUD = 115200
QUEUED = 64  # packets that may wait for a slow line; beyond, the live stream drops
CLOSED = (OSError, TypeError, ValueError)  # the last two: pyserial, closed in another thread
_NO_KIND = re.compile(r"[\w.-]+:\d{1,5}")
POLL_S = 0.1  # longest wait in a read, so that an end of the program is seen


class PortLink:
    """A serial line. Raises ConfigError when the URL is wrong or the device is not there."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._backoff = Backoff(_shown(url))
        self._port: serial.Serial | None = None
        self._ended = threading.Event()
        self._frames: queue.Queue[bytes] = queue.Queue(QUEUED)
        _check(url)
        try:
            self._port = self._open()
        except (OSError, ValueError) as error:
            if "://" not in url or isinstance(error, ValueError):
                words = _words(error).replace(url, _shown(url))
                raise ConfigError(f"cannot open {_shown(url)} ({words})") from error

    def send(self, packet: bytes) -> bool:
        """Queue a packet; False when the line is down or too far behind."""
        if self._port is None:
            return False
        try:
            self._frames.put_nowait(encode(packet))
        except queue.Full:
            return False
        return True

    def proceed(self) -> None:
        """Nothing to do: the writer goes on by itself."""

    async def run(
        self, on_packet: Callable[[bytes], None], beat: Callable[[], Awaitable[None]]
    ) -> None:
        """Give on_packet every packet that comes in, until cancelled; await beat() meanwhile.

        The reader may wait seconds for a socket to open, the writer for ever for a line that nobody
        reads: neither hangs while it lives. Raises RuntimeError for one that died.
        """
        loop = asyncio.get_running_loop()

        def deliver(packet: bytes) -> None:
            loop.call_soon_threadsafe(on_packet, packet)

        threads = [
            threading.Thread(target=self._read, args=(deliver,), daemon=True),
            threading.Thread(target=self._write, daemon=True),
        ]
        self._ended.clear()
        for thread in threads:
            thread.start()
        try:
            while all(thread.is_alive() for thread in threads):
                await beat()
                await asyncio.sleep(BEAT_S)
            raise RuntimeError("a thread of the serial line ended")
        finally:
            self._ended.set()
            await asyncio.to_thread(threads[0].join)

    def _open(self) -> serial.Serial:
        port = serial.serial_for_url(self._url, baudrate=BAUD, timeout=POLL_S)
        self._backoff.succeeded()
        return port

    def _read(self, deliver: Callable[[bytes], None]) -> None:
        deframer = Deframer()
        while not self._ended.is_set():
            try:
                if self._port is None:
                    self._port = self._open()
                data = self._port.read(max(1, self._port.in_waiting))
            except CLOSED as error:
                self._close()
                self._ended.wait(self._backoff.failed(_words(error)))
                continue
            for packet, _ in deframer.feed(data):
                if packet is not None:
                    deliver(packet)
        self._close()

    def _write(self) -> None:
        while not self._ended.is_set():
            try:
                frame = self._frames.get(timeout=POLL_S)
            except queue.Empty:
                continue
            port = self._port
            if port is not None:
                try:
                    port.write(frame)
                except CLOSED:
                    continue  # the reader sees it too, and opens the port again

    def _close(self) -> None:
        port, self._port = self._port, None
        if port is not None:
            port.close()


def _check(url: str) -> None:
    """A socket's URL needs host and port; pyserial would say so at each try."""
    if _NO_KIND.fullmatch(url):
        raise ConfigError(f"link: {url} has no kind; write mqtt://{url} or socket://{url}")
    try:
        parts = urlsplit(url)
        complete = parts.scheme not in ("socket", "rfc2217") or bool(parts.hostname and parts.port)
    except ValueError:
        complete = False
    if not complete:
        raise ConfigError(f"link: {_shown(url)} needs the form scheme://host:port")


def _shown(url: str) -> str:
    """Without the password of an address whose kind was written wrongly."""
    return re.sub(r"//([^:/@]*):.*@", r"//\1@", url)


def _words(error: Exception) -> str:
    """The innermost reason: pyserial wraps what the system said into a sentence of its own."""
    _, errno, reason = str(error).rpartition("] ")
    words = reason.split(":")[0] if errno else reason.split(": ")[-1]
    if words.startswith("("):  # termios.error: (25, 'Inappropriate ioctl for device')
        words = words.partition(", ")[2]
    return words.strip("')\" ") or type(error).__name__
