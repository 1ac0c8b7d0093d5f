"""The unit stays within what a small board has: budgets.toml."""

import pytest

from hil_tests.mpy import measure
from hil_tests.support import budget
from hil_tests.support.budget import hold


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("budget")


@pytest.fixture(scope="module")
def made(folder):
    return measure.sources(folder)


@pytest.mark.micropython
def test_heap_and_allocations_of_a_live_unit(made, folder, subtests):
    for name, measured in measure.on_unix(made, folder).items():
        with subtests.test(name):
            hold(name, measured)


@pytest.mark.wasm
def test_heap_of_a_live_unit_with_words_of_32_bits(made, folder):
    for name, measured in measure.on_wasm(made, folder).items():
        hold(name, measured)


def test_size_of_the_compiled_firmware(made, folder):
    hold("mpy_bytes", measure.compiled_size(made, folder)["mpy_bytes"])


def test_wire_of_a_quiet_hour():
    hold("quiet_hour_bytes", measure.quiet_hour()["quiet_hour_bytes"])


def test_a_figure_above_its_budget_fails_and_one_far_below_names_the_new_budget(monkeypatch):
    monkeypatch.setattr(budget, "budgets", lambda: {"x_bytes": 1000})
    hold("x_bytes", 1000)
    hold("x_bytes", 951)
    with pytest.raises(AssertionError, match="x_bytes is 1001, above its budget of 1000"):
        hold("x_bytes", 1001)
    with pytest.raises(AssertionError, match="write x_bytes = 949"):
        hold("x_bytes", 949)
