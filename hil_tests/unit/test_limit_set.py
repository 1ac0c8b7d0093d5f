"""Limits that people change: what can hold, flight contexts, and a monitor that follows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ground.monitor.limit_set import ANY, CONTEXTS, DEFAULT, LEVELS, LimitsError, LimitSet
from ground.monitor.limits import LimitMonitor
from hil_tests.unit.test_limits import NOMINAL, feed
from protocol.schema.severity import Severity


def limits(**contexts) -> LimitSet:
    return LimitSet.from_dict({"p_gap2": contexts})


@given(
    st.dictionaries(
        st.sampled_from(["p_gap2", "t_outer"]),
        st.dictionaries(
            st.sampled_from([ANY, *CONTEXTS]),
            st.builds(
                lambda bounds, levels, n: {
                    "low": dict(zip(sorted(levels, key=LEVELS.index), bounds, strict=False)),
                    "persistence": n,
                },
                st.lists(st.floats(-1e6, 1e6), min_size=5, max_size=5).map(
                    lambda b: sorted(b, reverse=True)
                ),
                st.sets(st.sampled_from(LEVELS)),
                st.integers(1, 3600),
            ),
        ),
    )
)
def test_what_is_written_is_read_again(data) -> None:
    made = LimitSet.from_dict(data)
    assert LimitSet.from_dict(made.to_dict()) == made
    assert LimitSet.from_dict(made.to_dict()).version == made.version


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"p_gap9": {}}, 'limits: unknown key "p_gap9"; did you mean "p_gap'),
        ({"p_gap2": {"landed": {}}}, r"limits.p_gap2: unknown key .*known: any, docked"),
        ({"p_gap2": {"any": {"low": {"bad": 1}}}}, "any.low: unknown key"),
        ({"p_gap2": {"any": {"low": {"watch": "1"}}}}, "must be a number, not '1'"),
        ({"p_gap2": {"any": {"low": {"watch": float("nan")}}}}, "must be finite"),
        ({"p_gap2": {"any": {"low": {"watch": 1, "severe": 2}}}}, "severe: 2 lies above watch, 1"),
        ({"p_gap2": {"any": {"high": {"watch": 2, "severe": 1}}}}, "severe: 1 lies below watch"),
        ({"p_gap2": {"any": {"low": {"watch": 2}, "high": {"watch": 1}}}}, "nothing would be with"),
        ({"p_gap2": {"any": {"persistence": 0}}}, "must be 1 to 3600 samples"),
        ({"p_gap2": {"any": {"persistence": True}}}, "must be a whole number"),
        ({"p_gap2": []}, "limits.p_gap2: must be a table"),
        ([], "limits: must be a table"),
    ],
)
def test_what_cannot_hold_is_refused_by_its_place(data, words) -> None:
    with pytest.raises(LimitsError, match=words):
        LimitSet.from_dict(data)


def test_a_context_has_limits_of_its_own_or_those_of_any() -> None:
    held = limits(any={"low": {"watch": 9}}, reentry={"low": {"watch": 5}})
    assert held.within("docked")["p_gap2"].low == {"watch": 9}
    assert held.within("reentry")["p_gap2"].low == {"watch": 5}
    assert "p_gap2" not in limits(reentry={}).within("docked")


def test_a_monitor_follows_with_the_next_samples() -> None:
    monitor = LimitMonitor()
    assert feed(monitor, 94e3, 94e3, 94e3) == [(2, Severity.WATCH)]
    monitor.follow(DEFAULT.changed(limits(any={"low": {"watch": 90e3}})), "docked")
    assert feed(monitor, 94e3) == [(0, Severity.NORMAL)]
    monitor.follow(DEFAULT, "docked")
    assert feed(monitor, 94e3, 94e3) == []
    assert feed(monitor, 94e3) == [(0, Severity.WATCH)]


def test_an_alarm_of_a_limit_that_is_gone_returns() -> None:
    monitor = LimitMonitor()
    feed(monitor, 94e3, 94e3, 94e3)
    monitor.follow(LimitSet({}), "docked")
    assert [c.level for c in monitor.update(9, NOMINAL | {"p_gap2": 94e3}, ())] == [Severity.NORMAL]


def test_a_level_that_was_reached_stays_when_the_same_limit_is_set_again() -> None:
    monitor = LimitMonitor()
    feed(monitor, 94e3, 94e3, 94e3)
    monitor.follow(DEFAULT.changed(limits(any={"low": {"watch": 96e3}})), "docked")
    assert feed(monitor, 94e3, 94e3, 94e3) == []
    assert monitor.levels["p_gap2"] is Severity.WATCH


@pytest.mark.parametrize("value", [10**400, float("inf"), float("nan")])
def test_a_number_that_is_none_here_is_refused_in_words(value: float) -> None:
    with pytest.raises(LimitsError, match="must be finite"):
        LimitSet.from_dict({"p_gap2": {"any": {"low": {"watch": value}}}})
