"""The ports of this computer and what is on them. A running unit is only listened to."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from serial.tools import list_ports

from tools.board.identity import identity, same_id
from tools.board.line import Line
from tools.board.listener import Listener
from tools.board.maintenance import BOOT_PACKET_S, hears_unit, listen, listen_for_boot
from tools.board.remote import Remote
from tools.cli.errors import CommandError, InputError

ANSWER_S: Final = 1.0


@dataclass(frozen=True)
class Port:
    """A port and what is on it."""

    url: str
    usb: str
    """Vendor, product and serial number, where it is on USB."""
    state: str
    """unit | micropython | busy | silent | unknown."""
    words: str
    facts: dict[str, Any]


def survey(urls: list[str], scale: float, probe: bool) -> list[Port]:
    """What is on these ports, or on all of this computer's.

    They are asked all at once, for a unit tells its name each 30 s. With `probe` a program that is
    silent is interrupted.
    """
    usb = {port.device: _usb(port) for port in list_ports.comports()}
    wanted = urls or sorted(usb)
    with ThreadPoolExecutor(max(1, len(wanted))) as threads:
        return list(threads.map(lambda url: _look(url, usb.get(url, ""), scale, probe), wanted))


def with_id(unique_id: str) -> str:
    """The port of the board whose USB serial number is its unique id; raises InputError."""
    for port in list_ports.comports():
        if port.serial_number and same_id(unique_id, port.serial_number):
            return str(port.device)
    raise InputError(f"no port here has a board {unique_id} as USB serial number; name its --port")


def _usb(port: Any) -> str:
    if port.vid is None:
        return ""
    return f"{port.vid:04x}:{port.pid:04x} {port.serial_number or ''}".strip()


def _look(url: str, usb: str, scale: float, probe: bool) -> Port:
    try:
        with Line(url, scale) as line:
            return _ask(line, usb, probe)
    except CommandError as error:
        words = str(error).removeprefix(f"{url}: ")
        return Port(url, usb, "busy" if "in use" in words else "unknown", words, {})
    except OSError as error:
        return Port(url, usb, "unknown", f"the line was closed ({error})", {})


def _ask(line: Line, usb: str, probe: bool) -> Port:
    heard = Listener()
    if hears_unit(line, heard):
        listen_for_boot(line, heard, BOOT_PACKET_S)
        return _unit(line.url, usb, heard)
    line.write(b"\r")
    if listen(line, heard, lambda: heard.prompts, ANSWER_S) or probe:
        remote = Remote(line)
        if remote.enter(ANSWER_S * 2 * line.scale):
            board = identity(remote)
            with suppress(OSError):
                line.transport.exit_raw_repl()
            facts = {
                "unique_id": board.unique_id,
                "python": board.version,
                "machine": board.machine,
                "mpy": board.mpy,
            }
            words = f"{board.machine}, {board.version}, id {board.unique_id or 'none'}"
            return Port(line.url, usb, "micropython", words, facts)
    words = "nothing is said there; --probe interrupts what runs" if not probe else "no answer"
    return Port(line.url, usb, "silent", words, {})


def _unit(url: str, usb: str, heard: Listener) -> Port:
    facts: dict[str, Any] = {"schema": f"{heard.schema:08x}"}
    if heard.boot is None:
        words = f"a unit of schema {heard.schema:08x} that has not told its name"
        return Port(url, usb, "unit", words, facts)
    raw = {
        name: bytes(value).rstrip(b"\0").decode("utf-8", "replace")
        for name, value in heard.boot.raw.items()
        if isinstance(value, bytes) and name != "unique_id"
    }
    facts |= {
        "unit": str(heard.unit),
        "firmware": raw["software"],
        "python": raw["runtime"],
        "unique_id": heard.unique_id,
    }
    words = f"{heard.unit}, firmware {raw['software']}, schema {facts['schema']}, {raw['runtime']}"
    return Port(url, usb, "unit", f"{words}, id {facts['unique_id']}", facts)
