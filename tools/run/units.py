"""Which Python runs each unit, and over which link: all three ways at once where it can be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ground.model import UnitKey
from tools.run.child import Child
from tools.run.folder import key_name
from tools.run.lines import PtyLine, TcpLine, has_pty
from tools.scenario.compile import write_config
from tools.scenario.model import Scenario
from tools.sim.runtime import command, environment, micropython

PYTHONS = {"cpython": "CPython", "micropython": "MicroPython"}
LINKS = {"serial": "a serial line", "socket": "a socket", "mqtt": "MQTT"}
HEAP_BYTES = 320 * 1024
"""On MicroPython a unit gets no more than a board has."""
WAYS = (("cpython", "mqtt"), ("micropython", "serial"), ("cpython", "serial"))
"""Of the first, second, third unit; further ones begin again."""


@dataclass
class UnitProcess:
    """A unit, how it runs, and the process."""

    unit: UnitKey
    runtime: str
    link: str
    line: PtyLine | TcpLine | None
    child: Child

    @property
    def words(self) -> str:
        """For people."""
        return f"{self.unit} on {PYTHONS[self.runtime]} over {LINKS[self.link]}"


async def prepare(
    scenario: Scenario,
    folder: Path,
    keys: Path,
    broker: str,
    speed: float,
    say: Callable[[str], None],
) -> list[UnitProcess]:
    """One process a unit, not started yet; `folder` takes configurations, recorders and logs."""
    made = []
    for i, unit in enumerate(scenario.units):
        runtime, kind = WAYS[i % len(WAYS)]
        if runtime == "micropython" and not (micropython() and has_pty()):
            say(f"{unit}: no MicroPython for this computer, so it runs on CPython over a socket")
            runtime, kind = "cpython", "socket"
        elif kind == "serial" and not has_pty():
            say(f"{unit}: no pseudo-terminals on this computer, so it runs over a socket")
            kind = "socket"
        line = PtyLine() if kind == "serial" else TcpLine() if kind == "socket" else None
        if line:
            await line.open()
        config = write_config(
            scenario,
            unit,
            folder,
            line.unit_link if line else broker,
            keys / key_name(unit),
            speed,
            until_eof=True,
        )
        child = Child(
            str(unit),
            [*command(runtime, HEAP_BYTES), "-m", "firmware", str(config)],
            config.with_suffix(".log"),
            say,
            environment=environment(),
            descriptors=line.descriptors if line else (),
        )
        made.append(UnitProcess(unit, runtime, kind, line, child))
    return made
