"""The way into a board's REPL, whatever runs there. A unit is told to stop; it is never just cut.

A silent program is interrupted. A unit whose key is not here, or that does not answer, is reset:
for some seconds after a start Ctrl-C still works.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from ground.model import UnitKey
from ground.stream.keys import KeyFileError
from protocol.wire import tables, tc
from tools.board.line import Line
from tools.board.listener import Listener
from tools.board.remote import Remote
from tools.cli.errors import RunError

SILENT_S: Final = 1.5
"""A unit makes housekeeping once a second, unless it was told otherwise."""
TIME_REPORT_S: Final = 6.0
"""And a time report each 5 s whatever it was told."""
BOOT_PACKET_S: Final = 33.0
"""A unit tells who it is, and its command counter, each 30 s."""
REPL_S: Final = 2.0
STOPPED_S: Final = 30.0
"""From the command to the REPL; a board with a watchdog restarts in between."""
AFTER_RESET_S: Final = 8.0
BY_HAND_S: Final = 60.0
_CTRL_C: Final = b"\r\x03"

KeyOf = Callable[[UnitKey], bytes]
"""The key of a unit; raises KeyFileError."""
Check = Callable[[Listener], None]
"""Raises InputError for a unit that must not be stopped; its boot packet is there."""
Say = Callable[[str], None]


def stop(
    line: Line, key_of: KeyOf, check: Check, reset_command: str | None, say: Say
) -> tuple[Remote, Listener]:
    """The board's REPL, entered, and what ran there before.

    Raises RunError when it cannot be reached, InputError for a reset command that fails.
    """
    remote, heard = Remote(line), Listener()
    listen(line, heard, lambda: heard.hears, SILENT_S)
    if not heard.hears and _enter(line, remote, REPL_S):
        return remote, heard
    if heard.hears or hears_unit(line, heard):
        trouble = _command(line, heard, key_of, check, say)
        if not trouble:
            if _enter(line, remote, STOPPED_S):
                return remote, heard
            trouble = "the unit has not stopped"
    elif _enter(line, remote, REPL_S):  # interrupted, a board with a watchdog has restarted
        return remote, heard
    else:
        trouble = "nothing answers"
    _reset(line, remote, trouble, reset_command, say)
    return remote, heard


def hears_unit(line: Line, heard: Listener) -> bool:
    """Read until a unit is heard; False when there is none."""
    return listen(line, heard, lambda: heard.hears, TIME_REPORT_S)


def listen_for_boot(line: Line, heard: Listener, within_s: float) -> bool:
    """Read until the unit tells who it is; False when it does not in time."""
    return listen(line, heard, lambda: heard.boot, within_s)


def listen(line: Line, heard: Listener, done: Callable[[], object], within_s: float) -> bool:
    """Read until something is true, False when it is not in time; raises RunError."""
    end_s = time.monotonic() + within_s * line.scale
    try:
        return heard.until(line.read, done, lambda: time.monotonic() > end_s)
    except OSError as error:
        raise RunError(f"{line.url}: the line was closed ({error})") from None


def _command(line: Line, heard: Listener, key_of: KeyOf, check: Check, say: Say) -> str:
    """Tell the unit to stop; returns why it does not, or nothing."""
    say("a unit runs there; waiting for its boot packet, at most 30 s")
    if not listen_for_boot(line, heard, BOOT_PACKET_S):
        return "a unit of another version runs there that does not tell its command counter"
    unit, boot = heard.unit, heard.boot
    if unit is None or boot is None:
        return "a unit runs there that does not tell its name"
    check(heard)
    try:
        key = key_of(unit)
    except KeyFileError as error:
        return f"{unit} runs there, and its key is not here ({error})"
    say(f"{unit} runs there; stopping it")
    counter = int(boot.raw["next_counter"])
    packet = tc.build(tables.TC_MAINTAIN, boot.apid, 0, counter, key, ())
    seen = len(heard.packets)

    def answer() -> str | None:
        names = (p.name for p in heard.packets[seen:] if p.raw.get("tc_counter") == counter)
        return next((name for name in names if name in ("refused", "completed", "failed")), None)

    line.write(heard.frame(packet))
    with suppress(RunError):  # a board that restarts takes its USB port away, which _enter awaits
        listen(line, heard, answer, STOPPED_S / 3)
    return "" if answer() in (None, "completed") else f"{unit} refuses the key that is here"


def _enter(line: Line, remote: Remote, within_s: float) -> bool:
    """Try until the REPL answers; a board that restarts takes its port away meanwhile."""
    end_s = time.monotonic() + within_s * line.scale
    while time.monotonic() < end_s:
        try:
            if remote.enter(REPL_S * line.scale):
                return True
        except OSError:
            line.reopen()
    return False


def _reset(line: Line, remote: Remote, trouble: str, reset_command: str | None, say: Say) -> None:
    """Reset it and interrupt it in its first seconds; without a way to, ask for a hand."""
    say(f"{trouble}; resetting the board")
    line.reset(reset_command)
    if _interrupt(line, remote, AFTER_RESET_S):
        return
    if reset_command is None:
        say(f"{trouble}: press the board's reset button, or unplug it and plug it in again, now")
        if _interrupt(line, remote, BY_HAND_S):
            return
    raise RunError(
        f"{line.url}: {trouble}, and a reset did not lead to a REPL. Give the unit's key with "
        "--key, or a command that resets the board with --reset-cmd"
    )


def _interrupt(line: Line, remote: Remote, within_s: float) -> bool:
    """Send Ctrl-C again and again; the first seconds of a start take it."""
    end_s = time.monotonic() + within_s * line.scale
    heard = Listener()
    while time.monotonic() < end_s:
        try:
            line.write(_CTRL_C)
            heard.feed(line.read())
            if heard.prompts and remote.enter(REPL_S * line.scale):
                return True
        except OSError:
            line.reopen()
    return False
