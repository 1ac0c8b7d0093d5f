"""Which port a board is at: it tells its unique id in its boot packet."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from serial.tools.list_ports import comports

from hil_tests.support.peer import Peer
from hil_tests.support.uut.base import Identity
from hil_tests.support.uut.pace import Pace
from hil_tests.support.uut.port import PortInUseError


class NoBoardError(Exception):
    """No port has this board; the words say what was found instead."""


def port_of(unique_id: str, scale: float, within_s: float, ports: Iterable[str] = ()) -> str:
    """The port of the board with this unique id (hexadecimal), by default of all serial ports."""
    urls = list(ports) or [port.device for port in comports()]
    with ThreadPoolExecutor(max(1, len(urls))) as pool:
        found = dict(
            zip(urls, pool.map(lambda url: _heard(url, scale, within_s), urls), strict=True)
        )
    for url, words in found.items():
        if words == unique_id.lower():
            return url
    listed = ", ".join(f"{url}: {words}" for url, words in found.items()) or "no serial port"
    raise NoBoardError(f"no board has the unique id {unique_id} ({listed})")


def _heard(url: str, scale: float, within_s: float) -> str:
    """The unique id of what is there, or why there is none."""
    try:
        peer = Peer(url, b"", pace=Pace(first=scale))
    except PortInUseError:
        return "in use"
    except (OSError, ValueError) as error:
        return f"cannot be opened ({error})"
    try:
        return Identity.of(peer.wait_for("boot", within_s=within_s)).unique_id
    except (OSError, AssertionError):
        return "no unit of this schema"
    finally:
        peer.close()
