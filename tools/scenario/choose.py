"""Which unit of a scenario is meant."""

from __future__ import annotations

from ground.model import UnitKey
from tools.scenario.error import ScenarioError
from tools.scenario.fields import unknown
from tools.scenario.model import Scenario


def choose_unit(scenario: Scenario, wanted: UnitKey | None) -> UnitKey:
    """The wanted one, or the scenario's first; raises ScenarioError."""
    if wanted is None:
        return scenario.units[0]
    if wanted not in scenario.units:
        reason = unknown("unit", str(wanted), map(str, scenario.units))
        raise ScenarioError(scenario.name, "", reason)
    return wanted
