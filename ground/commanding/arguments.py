"""Arguments as people give them to raw values as they cross the wire, checked by the dictionary.

A number is in the argument's engineering unit where it has a calibration; a state goes by its name
or number; octets are hexadecimal. Text is what a command line gives for each of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final

from protocol.schema.calibration import RAW_COUNT, calibration, named
from protocol.schema.onboard import SETTINGS, Setting
from protocol.schema.parameter import Entry, Parameter, parameters
from protocol.schema.telecommand import BY_NAME, Telecommand

_NUMBER: Final = re.compile(r"[+-]?\d{1,20}(\.\d{1,20})?([eE][+-]?\d)?", re.ASCII)

Raw = dict[str, int | bytes]


class CommandError(ValueError):
    """No such command, or an argument that cannot be; `field` names it."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(words)
        self.field = field


def command_named(name: str) -> Telecommand:
    """The command of that name; raises CommandError."""
    if name not in BY_NAME:
        words = f"there is no command {name}; `panewatch command list` prints them"
        raise CommandError("command", words)
    return BY_NAME[name]


def raw_values(command: Telecommand, given: Mapping[str, Any]) -> Raw:
    """Raw values of all arguments, in wire order; raises CommandError naming argument and range."""
    known = {p.entry.name: p for p in parameters(command.body)}
    for name in given:
        if name not in known:
            words = ", ".join(known) if known else "none"
            raise CommandError(name, f"{command.name} has no argument {name}; it has: {words}")
    raw: Raw = {}
    for name, declared in known.items():
        if name in given:
            raw[name] = _raw(declared, given[name], raw)
        elif declared.entry.default is not None:
            raw[name] = declared.entry.default
        else:
            raise CommandError(name, f"{command.name} needs {name}: {allowed(declared, raw)}")
    return raw


def hazard(command: Telecommand, raw: Mapping[str, int | bytes]) -> str:
    """Why this command with these arguments needs a second confirmation; empty: it needs none."""
    if command.hazardous:
        return command.hazardous
    for declared in parameters(command.body):
        if setting := _setting(declared.entry, raw):
            return setting.hazardous
    return ""


def words_for(command: Telecommand, raw: Mapping[str, int | bytes]) -> dict[str, Any]:
    """Raw values as people read them: engineering units, names of states, hexadecimal."""
    return {p.entry.name: _words(p, raw[p.entry.name], raw) for p in parameters(command.body)}


def units(command: Telecommand, raw: Mapping[str, int | bytes]) -> dict[str, str]:
    """Units of the arguments that have one; of what is named and has none, that it is a count."""
    found = {p.entry.name: _unit(p.entry, raw) for p in parameters(command.body)}
    return {name: unit for name, unit in found.items() if unit}


def allowed(declared: Parameter, raw: Mapping[str, int | bytes]) -> str:
    """What an argument may be, in words; `raw` holds the arguments before it."""
    entry = declared.entry
    if declared.is_text:
        size = declared.sizeof()
        return f"{size} octets in hexadecimal" if entry.binary else f"text of up to {size} bytes"
    if entry.states:
        return f"one of {', '.join(entry.states.values())}"
    if entry.setting and entry.setting not in raw:
        each = (f"{s.name} {_span(declared, {entry.setting: s.number})}" for s in SETTINGS)
        return f"what that {entry.setting} takes: {', '.join(each)}"
    if entry.onboard and entry.onboard not in raw:
        return f"a number in the unit of that {entry.onboard}"
    _, _, scale, offset = _range(declared, raw)
    kind = "a whole number" if scale == 1 and offset == 0 else "a number"
    return f"{kind} from {_span(declared, raw)}"


def _span(declared: Parameter, raw: Mapping[str, int | bytes]) -> str:
    low, high, scale, offset = _range(declared, raw)
    low_e, high_e = (float(v * scale + offset) for v in (low, high))
    unit = _unit(declared.entry, raw)
    words = f" ({unit})" if unit == RAW_COUNT else f" {unit}" if unit else ""
    return f"{low_e:.15g} to {high_e:.15g}{words}"


def _unit(entry: Entry, raw: Mapping[str, int | bytes]) -> str:
    found = calibration(entry, raw)
    refers = entry.setting in raw or entry.onboard in raw
    return RAW_COUNT if refers and found.is_count else found.unit


def _raw(declared: Parameter, given: Any, raw: Raw) -> int | bytes:
    if declared.is_text:
        return _octets(declared, given, raw)
    if declared.entry.states:
        return _state(declared, given, raw)
    return _number(declared, given, raw)


def _octets(declared: Parameter, given: Any, raw: Raw) -> bytes:
    size = declared.sizeof()
    if not isinstance(given, str):
        raise _wrong(declared, given, raw)
    if not declared.entry.binary:
        data = given.encode()
        if len(data) > size or "\0" in given:
            raise _wrong(declared, given, raw)
        return data.ljust(size, b"\0")
    try:
        data = bytes.fromhex(given)
    except ValueError:
        data = b""
    if len(data) != size:
        raise _wrong(declared, given, raw)
    return data


def _state(declared: Parameter, given: Any, raw: Raw) -> int:
    states = declared.entry.states
    for number, name in states.items():
        if given == name or (given == number and not isinstance(given, bool)):
            return number
        if isinstance(given, str) and given == str(number):
            return number
    raise _wrong(declared, given, raw)


def _number(declared: Parameter, given: Any, raw: Raw) -> int:
    low, high, scale, offset = _range(declared, raw)
    try:
        if isinstance(given, bool) or not isinstance(given, int | float | str):
            raise ValueError
        if isinstance(given, str) and not _NUMBER.fullmatch(given):
            raise ValueError
        # Decimal text is exact: 0.1 stands for a tenth and not for the float next to it.
        value = (Fraction(str(given)) - offset) / scale
    except (ValueError, ZeroDivisionError):
        raise _wrong(declared, given, raw) from None
    if scale == 1 and value.denominator != 1:
        raise _wrong(declared, given, raw)
    number = round(value)
    if not low <= number <= high:
        raise _wrong(declared, given, raw)
    return number


def _range(
    declared: Parameter, raw: Mapping[str, int | bytes]
) -> tuple[int, int, Fraction, Fraction]:
    """Lowest and highest raw value, scale, offset."""
    entry = declared.entry
    _, scale, offset = calibration(entry, raw)
    if setting := _setting(entry, raw):
        return setting.low, setting.high, scale, offset
    signed, bits = declared.struct_format.islower(), 8 * declared.sizeof()
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    low = low if entry.low is None else entry.low
    high = high if entry.high is None else entry.high
    return low, high, scale, offset


def _setting(entry: Entry, raw: Mapping[str, int | bytes]) -> Setting | None:
    """The setting whose range holds for this argument, when an earlier one names it."""
    found = named(entry, raw)
    return found if isinstance(found, Setting) else None


def _words(declared: Parameter, value: int | bytes, raw: Mapping[str, int | bytes]) -> Any:
    if isinstance(value, bytes):
        if declared.entry.binary:
            return value.hex()
        return value.rstrip(b"\0").decode("utf-8", "replace")
    if declared.entry.states:
        return declared.entry.states.get(value, value)
    return calibration(declared.entry, raw).value(value)


def _wrong(declared: Parameter, given: Any, raw: Raw) -> CommandError:
    name = declared.entry.name
    shown = given if isinstance(given, int | float | str) else type(given).__name__
    return CommandError(name, f"{name}: {shown!s:.60} is not {allowed(declared, raw)}")
