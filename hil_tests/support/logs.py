"""Logs of what outlives a test: units and ground run on while each test has files of its own."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from protocol.schema.decode import Decoded, DecodeError, decode
from protocol.wire import tables, tc
from protocol.wire.frame import Deframer

_COMMANDS = {
    pair: name.removeprefix("TC_").lower()
    for name, index in vars(tables).items()
    if name.startswith("TC_") and isinstance(index, int)
    for pair in [(tables.TC_SERVICE[index], tables.TC_SUBTYPE[index])]
}
_SHOWN_BYTES = 60
_SHOWN_WORDS = 120


class Log:
    """Lines to a file that may change meanwhile; what comes before the first file waits for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[str] = []
        self._path: Path | None = None

    def to(self, path: Path) -> None:
        """From here on write to this file, which begins anew."""
        with self._lock:
            path.write_text("".join(self._waiting), encoding="utf-8")
            self._waiting.clear()
            self._path = path

    def say(self, line: str) -> None:
        """Write a line, on disk at once."""
        with self._lock:
            if self._path is None:
                self._waiting.append(line.rstrip("\n") + "\n")
            else:
                with self._path.open("a", encoding="utf-8") as file:
                    file.write(line.rstrip("\n") + "\n")


class Trace:
    """A line's frames in a log, one a line: when, which way, and what it says.

    Words between the frames go to `text` as well: a board tells there how it starts and fails.
    """

    def __init__(self, log: Log, text: Log | None = None) -> None:
        self._log = log
        self._text = text
        self._deframers: dict[str, Deframer] = {}
        self._start_s = time.monotonic()

    def note(self, way: str, data: bytes) -> None:
        """Bytes that went one way, as they come."""
        for packet, raw in self._deframers.setdefault(way, Deframer()).feed(data):
            words = (
                said(packet) if packet else f"no frame, {len(raw)} bytes: {raw[:_SHOWN_BYTES]!r}"
            )
            self._log.say(f"{time.monotonic() - self._start_s:9.3f} s  {way:15}  {words}")
            if self._text and packet is None and raw.isascii():
                self._text.say(raw.decode())


def said(packet: bytes) -> str:
    """One packet in words: telemetry with its identity and values, a command with its counter."""
    if packet[0] & 0x10:
        name = _COMMANDS.get((packet[7], packet[8]), "unknown")
        counter = int.from_bytes(packet[-tc.TRAILER_SIZE - 2 :][:4], "big")
        return f"TC[{packet[7]},{packet[8]}] {name}, counter {counter}"
    try:
        known = decode(packet)
    except DecodeError as error:
        return f"packet that cannot be read: {error}"
    return f"{identity(known)} at {known.time_us / 1e6:.3f} s: {_values(known)}"


def identity(known: Decoded) -> str:
    """Type, boot and record of a telemetry packet."""
    return (
        f"TM[{known.service},{known.subtype}] {known.name}, "
        f"boot {known.boot_id}, record {known.record}"
    )


def _values(known: Decoded) -> str:
    shown = (
        f"{name}={value.rstrip(bytes(1))[:24]!r}" if isinstance(value, bytes) else f"{name}={value}"
        for name, value in known.raw.items()
    )
    words = " ".join(shown)
    return words if len(words) <= _SHOWN_WORDS else f"{words[:_SHOWN_WORDS]} …"
