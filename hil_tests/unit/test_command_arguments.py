"""Arguments by name to bytes: whatever the dictionary allows arrives, all else is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ground.commanding.arguments import (
    CommandError,
    command_named,
    hazard,
    raw_values,
    units,
    words_for,
)
from hil_tests.support.bench import KEY
from protocol.schema.decode import ENTRIES
from protocol.schema.onboard import SETTINGS
from protocol.schema.parameter import Parameter, parameters
from protocol.schema.telecommand import INDEX, TELECOMMANDS
from protocol.schema.telemetry import TELEMETRY
from protocol.wire import tc


def bounds(declared: Parameter, setting: int | None) -> tuple[int, int]:
    if setting is not None and declared.entry.setting:
        known = next(s for s in SETTINGS if s.number == setting)
        return known.low, known.high
    bits = 8 * declared.sizeof()
    signed = declared.struct_format.islower()
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    entry = declared.entry
    return (low if entry.low is None else entry.low, high if entry.high is None else entry.high)


@st.composite
def orders(draw):
    """(command, its raw values) of anything that may be commanded."""
    command = draw(st.sampled_from(TELECOMMANDS))
    raw, setting = {}, None
    for declared in parameters(command.body):
        entry = declared.entry
        if declared.is_text:
            raw[entry.name] = draw(
                st.binary(min_size=declared.sizeof(), max_size=declared.sizeof())
            )
        elif entry.states:
            raw[entry.name] = draw(st.sampled_from(sorted(entry.states)))
        else:
            raw[entry.name] = draw(st.integers(*bounds(declared, setting)))
        if entry.name == "setting":
            setting = raw[entry.name]
    return command, raw


@given(orders(), st.booleans())
def test_what_was_asked_is_what_the_unit_decodes(order, as_text):
    command, raw = order
    given_ = words_for(command, raw)
    if as_text:  # as a command line gives it
        given_ = {name: str(value) for name, value in given_.items()}
    found = raw_values(command, given_)
    assert found == raw
    packet = tc.build(INDEX[command.name], 5, 7, 7, KEY, list(found.values()))
    parsed = tc.parse(packet, 5, KEY)
    assert parsed.failure == 0
    assert parsed.values == tuple(raw.values())
    assert tc.find(parsed.service, parsed.subtype) == INDEX[command.name]


@given(st.sampled_from(TELECOMMANDS), st.data())
def test_one_step_outside_its_range_is_refused_by_name(command, data):
    numbers = [p for p in parameters(command.body) if not p.is_text and not p.entry.states]
    if not numbers:
        return
    wrong = data.draw(st.sampled_from(numbers))
    given_ = {}
    for declared in parameters(command.body):
        entry = declared.entry
        low = bounds(declared, SETTINGS[0].number)[0]
        given_[entry.name] = (
            "00" * declared.sizeof() if declared.is_text
            else next(reversed(entry.states)) if entry.states and entry.name != "setting"
            else SETTINGS[0].name if entry.name == "setting"
            else low
        )  # fmt: skip
    scale = SETTINGS[0].scale if wrong.entry.setting else 1
    low, high = bounds(wrong, SETTINGS[0].number)
    given_[wrong.entry.name] = data.draw(st.sampled_from([low - 1, high + 1])) * scale
    with pytest.raises(CommandError, match=rf"^{wrong.entry.name}: .* is not a") as error:
        raw_values(command, given_)
    assert error.value.field == wrong.entry.name


@given(st.sampled_from(TELECOMMANDS), st.dictionaries(st.text(max_size=8), st.text(max_size=40)))
def test_any_text_is_taken_or_refused_and_never_a_crash(command, given_):
    names = [p.entry.name for p in parameters(command.body)]
    for arguments in (given_, dict(zip(names, given_.values(), strict=False))):
        try:
            raw_values(command, arguments)
        except CommandError as error:
            assert str(error)


@pytest.mark.parametrize(
    ("name", "given_", "words"),
    [
        ("set_setting", {"setting": "ae_threshold"}, "needs value: a number from 40 to 80 dB_AE"),
        ("set_setting", {"setting": "hdt_us", "value": 49}, "a whole number from 50 to 800 µs"),
        ("set_setting", {"setting": "hdt_us", "value": 60.5}, "value: 60.5 is not a whole number"),
        ("set_setting", {"setting": "volume", "value": 1}, "is not one of ae_threshold, pdt_us"),
        ("set_setting", {"setting": True, "value": 1}, "setting: True is not one of"),
        ("set_setting", {"setting": 1, "value": "1e999999999"}, "is not a number from 40"),
        ("set_setting", {"setting": 1, "value": float("nan")}, "nan is not a number from 40"),
        ("set_setting", {"setting": 1, "value": None}, "NoneType is not a number"),
        (
            "set_setting",
            {"setting": "waveforms", "value": 2},
            "a whole number from 0 to 1 (raw count)",
        ),
        ("set_setting", {"value": 2}, "needs setting: one of ae_threshold"),
        (
            "add_monitor",
            {"monitor": 2, "parameter": "p_gap2", "check": "limit", "low": "much"},
            "low: much is not a number from -214748364.8 to 214748364.7 Pa",
        ),
        ("reboot", {"now": 1}, "reboot has no argument now; it has: none"),
        ("commit", {"boot": 1, "cumulative": 0, "bitmap": "0g"}, "not 32 octets in hexadecimal"),
        ("disable_event", {"event_id": 0}, "event_id: 0 is not one of task_exc"),
    ],
)
def test_a_refusal_names_argument_and_range(name, given_, words):
    with pytest.raises(CommandError) as error:
        raw_values(command_named(name), given_)
    assert words in str(error.value)


def test_limits_of_a_monitor_are_in_the_unit_of_what_it_watches():
    given_ = {"monitor": 9, "parameter": "t_outer", "check": "limit", "low": "-40.5", "high": 45.5}
    command = command_named("add_monitor")
    raw = raw_values(command, given_)
    assert (raw["low"], raw["high"]) == (-40500, 45500)
    assert units(command, raw) == {"low": "°C", "high": "°C", "over_s": "s"}
    counted = raw_values(command, given_ | {"parameter": "impacts", "low": 0, "high": 3})
    assert (counted["low"], counted["high"]) == (0, 3)
    assert units(command, counted)["high"] == "raw count"


@pytest.mark.parametrize(
    ("name", "given_", "report", "seen"),
    [
        (
            "set_setting", {"setting": "ae_threshold", "value": 45.5},
            {"setting": 1, "value": 4550}, "setting: value is 45.50 dB_AE",
        ),
        (
            "set_setting", {"setting": "waveforms", "value": 1},
            {"setting": 5, "value": 0}, "setting: value is 0 (raw count)",
        ),
        (
            "add_monitor",
            {"monitor": 9, "parameter": "t_outer", "check": "limit", "low": 0, "high": 45.5},
            {"parameter": 4, "high": 45500}, "monitor: high is 45.500 °C",
        ),
        ("enable_monitor", {"monitor": 9}, {"state": 0}, "monitor: state is disabled"),
        ("reboot", {}, {"reset_reason": 2}, "boot: reset_reason is command"),
        (
            "disable_event", {"event_id": 3}, {"disabled": 0b1000},
            "disabled_events: bit 3 of disabled is set",
        ),
        ("enable_event", {"event_id": 3}, {"disabled": 8}, "bit 3 of disabled is set"),
        ("enable_monitor", {"monitor": 9}, {}, "monitor: no state"),
    ],
)  # fmt: skip
def test_an_effect_is_told_in_engineering_units(name, given_, report, seen):
    command = command_named(name)
    effect = command.verifies
    entry = ENTRIES[effect.report][effect.parameter]
    raw = raw_values(command, given_)
    assert seen in effect.words(report.get(effect.parameter), entry, report, raw)


def test_an_unknown_command_is_refused():
    with pytest.raises(CommandError, match="there is no command fire"):
        command_named("fire")


def test_what_nobody_gives_has_its_declared_default():
    raw = raw_values(command_named("stimulate_leak"), {"volume": "gap2", "hole_um": 100})
    assert raw == {"at_us": 0, "volume": 1, "hole_um": 100}


@pytest.mark.parametrize("command", TELECOMMANDS, ids=lambda c: c.name)
def test_declared_effects_name_what_exists(command):
    effect = command.verifies
    if effect is None:
        return
    own = {p.entry.name for p in parameters(command.body)}
    report = next(t for t in TELEMETRY if t.name == effect.report)
    fields = {p.entry.name for p in parameters(report.body)}
    assert {effect.parameter, *effect.where} <= fields
    assert {v for v in (effect.value, *effect.where.values()) if isinstance(v, str)} <= own
    if effect.ask:
        asked = next(c for c in TELECOMMANDS if c.name == effect.ask)
        assert {p.entry.name for p in parameters(asked.body)} <= own
        assert not asked.hazardous


def test_what_may_blind_a_unit_is_hazardous():
    grave = {c.name for c in TELECOMMANDS if c.hazardous}
    assert grave >= {
        "reboot", "maintain", "disable_event", "disable_monitor", "passivate_monitor",
        "delete_monitor", "modify_monitor", "disable_housekeeping", "housekeeping_interval",
        "commit", *(c.name for c in TELECOMMANDS if c.service == 131),
    }  # fmt: skip
    assert not grave & {"alive", "self_test", "enable_monitor", "report_setting", "retrieve"}
    change = command_named("set_setting")
    for setting in SETTINGS:
        assert hazard(change, {"setting": setting.number, "value": 0}) == setting.hazardous
