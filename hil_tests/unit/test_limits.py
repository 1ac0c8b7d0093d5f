"""Five-level limits with persistence, and values that grow stale."""

from hypothesis import given
from hypothesis import strategies as st

from ground.model import UnitKey
from ground.monitor.latest import STALE_AFTER_US, Latest
from ground.monitor.limit_set import DEFAULT, DOCKED, LimitSet
from ground.monitor.limits import LimitMonitor, level_of, level_words
from ground.verdict.words import limit_words
from protocol.schema.parameter import Limits
from protocol.schema.severity import Severity

NOMINAL = {
    "p_gap2": 101e3, "p_cabin": 101e3, "t_outer": 10.0, "t_middle": 17.0, "t_inner": 21.0,
}  # fmt: skip


def feed(monitor: LimitMonitor, *pressures: float) -> list[tuple[int, Severity]]:
    return [
        (i, change.level)
        for i, pressure in enumerate(pressures)
        for change in monitor.update(i, NOMINAL | {"p_gap2": pressure}, ())
    ]


def test_worst_level_wins() -> None:
    limits = Limits(low={"watch": 95, "warning": 80, "critical": 50}, high={"severe": 200})
    assert level_of(limits, 100) == (Severity.NORMAL, "")
    assert level_of(limits, 90) == (Severity.WATCH, "< 95")
    assert level_of(limits, 10) == (Severity.CRITICAL, "< 50")
    assert level_of(limits, 300) == (Severity.SEVERE, "> 200")


def test_three_samples_raise_and_three_clear() -> None:
    monitor = LimitMonitor()
    low, good = 79e3, 101e3
    assert feed(monitor, low, low, good, low, low) == []
    assert feed(monitor, low) == [(0, Severity.WARNING)]
    assert feed(monitor, good, good, low, good, good) == []
    assert feed(monitor, good) == [(0, Severity.NORMAL)]


def test_the_level_is_what_all_of_the_last_samples_reached() -> None:
    monitor = LimitMonitor()
    assert feed(monitor, 40e3, 79e3, 94e3) == [(2, Severity.WATCH)]
    assert feed(monitor, 40e3, 40e3, 40e3) == [(2, Severity.CRITICAL)]
    assert feed(monitor, 79e3, 79e3, 79e3) == [(2, Severity.WARNING)]


@given(st.lists(st.sampled_from([101e3, 94e3, 79e3, 49e3]), max_size=40))
def test_a_level_is_never_worse_than_three_samples_running(pressures) -> None:
    monitor = LimitMonitor()
    for i, pressure in enumerate(pressures):
        for change in monitor.update(i, NOMINAL | {"p_gap2": pressure}, ()):
            if change.level > change.before:
                last = pressures[max(0, i - 2) : i + 1]
                limits = Limits(low={"watch": 95e3, "warning": 80e3, "critical": 50e3})
                assert len(last) == 3
                assert min(level_of(limits, p)[0] for p in last) >= change.level


def test_the_words_carry_value_and_limit() -> None:
    monitor = LimitMonitor()
    values = NOMINAL | {"t_outer": 90.0}
    changes = [c for i in range(3) for c in monitor.update(i, values, ())]
    assert [(c.parameter, c.value, c.limit) for c in changes] == [("t_outer", "90 °C", "> 80")]
    assert limit_words(changes[0]) == "t_outer went above 80 °C (90 °C)"


def test_the_words_tell_what_happened_and_stay_true() -> None:
    monitor = LimitMonitor()
    story = [79667.2] * 3 + [40e3, 49e3, 48.25e3] + [81e3] * 3
    words = [
        limit_words(change)
        for i, pressure in enumerate(story)
        for change in monitor.update(i, NOMINAL | {"p_gap2": pressure}, ())
    ]
    assert words == [
        "p_gap2 went below 80 kPa (79.7 kPa)",
        "p_gap2 went below 50 kPa (48.2 kPa)",
        "p_gap2 is back to level watch: below 95 kPa (81 kPa at 00:00:00 UTC)",
    ]


def test_a_level_that_only_other_limits_lower_is_no_recovery() -> None:
    """The lower levels are taken away while the pressure goes on falling."""
    monitor = LimitMonitor()
    assert feed(monitor, 79e3, 79e3, 79e3) == [(2, Severity.WARNING)]
    only_watch = LimitSet.from_dict({"p_gap2": {"any": {"low": {"watch": 95_000}}}})
    monitor.follow(DEFAULT.changed(only_watch), DOCKED)
    words = [
        limit_words(change)
        for i, pressure in enumerate((58.6e3, 58.5e3, 58.4e3, 57e3, 43e3))
        for change in monitor.update(i * 1_000_000, NOMINAL | {"p_gap2": pressure}, ())
    ]
    assert words == [
        "p_gap2 is below 95 kPa (58.6 kPa at 00:00:00 UTC): watch only because its limits were "
        "changed, warning by those before"
    ]


def test_a_recovery_under_other_limits_is_one() -> None:
    monitor = LimitMonitor()
    feed(monitor, 79e3, 79e3, 79e3)
    only_watch = LimitSet.from_dict({"p_gap2": {"any": {"low": {"watch": 95_000}}}})
    monitor.follow(DEFAULT.changed(only_watch), DOCKED)
    (change,) = [
        change for i in range(3) for change in monitor.update(i, NOMINAL | {"p_gap2": 85e3}, ())
    ]
    assert limit_words(change).startswith("p_gap2 is back to level watch: below 95 kPa (85 kPa")


def test_the_limit_of_a_milder_level_is_that_of_the_side_that_is_violated() -> None:
    limits = Limits(low={"warning": -60, "critical": -90}, high={"warning": 80, "critical": 120})
    assert level_words(limits, Severity.WARNING, -95) == "< -60"
    assert level_words(limits, Severity.WARNING, 130) == "> 80"
    assert level_words(limits, Severity.WARNING, 20) == "< -60 or > 80"
    assert level_words(Limits(low={"watch": 95}), Severity.WATCH, 99) == "< 95"
    assert level_words(Limits(high={"watch": 95}), Severity.WATCH, 9) == "> 95"


def test_faulty_sensors_are_not_judged() -> None:
    monitor = LimitMonitor()
    assert not any(monitor.update(i, NOMINAL | {"p_gap2": 0.0}, {"p_gap2"}) for i in range(9))


def test_late_samples_change_no_level() -> None:
    monitor = LimitMonitor()
    late = [c for i in range(9) for c in monitor.history(i, NOMINAL | {"p_gap2": 1.0}, ())]
    assert [(c.level, c.late) for c in late] == [(Severity.CRITICAL, True)]
    assert monitor.levels["p_gap2"] is Severity.NORMAL


def test_values_grow_stale_and_fresh_again() -> None:
    unit, latest = UnitKey("sz20", "w1"), Latest()
    assert latest.is_stale(unit)
    latest.update(unit, {"p_gap2": 1.0}, {"p_gap2": Severity.WATCH}, 5, 1_000)
    assert not latest.tick(1_000 + STALE_AFTER_US)
    assert latest.tick(1_001 + STALE_AFTER_US)
    value = latest[unit]["p_gap2"]
    assert (value.stale, value.onboard_us, value.received_us) == (True, 5, 1_000)
    assert value.limit is Severity.WATCH
    assert not latest.tick(2_000 + STALE_AFTER_US)
    assert latest.update(unit, {"p_gap2": 1.0}, {}, 6, 9_000_000)
    assert not latest[unit]["p_gap2"].stale
