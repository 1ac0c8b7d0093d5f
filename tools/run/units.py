"""Which Python runs each unit, and over which link: as many ways at once as there are units."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ground.model import UnitKey
from tools.run.accounts import Accounts
from tools.run.child import Child
from tools.run.folder import key_name
from tools.run.lines import PtyLine, TcpLine, has_pty
from tools.scenario.compile import write_config
from tools.scenario.model import Scenario
from tools.sim.runtime import HEAP_BYTES, command, micropython, unit_environment

PYTHONS = {"cpython": "CPython", "micropython": "MicroPython"}
LINKS = {"serial": "a serial line", "socket": "a socket", "mqtt": "MQTT"}
WAYS = (
    ("cpython", "mqtt"), ("micropython", "serial"), ("cpython", "serial"), ("micropython", "mqtt"),
)  # fmt: skip
"""Of the first, second, third, fourth unit; further ones begin again."""


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
    broker: Accounts,
    speed: float,
    say: Callable[[str], None],
) -> list[UnitProcess]:
    """One process a unit, not started yet; `folder` takes configurations, recorders and logs."""
    made = []
    for i, unit in enumerate(scenario.units):
        runtime, kind = WAYS[i % len(WAYS)]
        if runtime == "micropython" and not (micropython() and has_pty()):
            kind = "socket" if kind == "serial" else kind
            words = LINKS[kind]
            say(f"{unit}: no MicroPython for this computer, so it runs on CPython over {words}")
            runtime = "cpython"
        elif (runtime, kind) == ("micropython", "mqtt") and not broker.for_boards:
            words = "a broker's address, no name, and with TLS the certificate behind it"
            say(f"{unit}: MicroPython takes {words}, so it runs on CPython")
            runtime = "cpython"
        elif kind == "serial" and not has_pty():
            say(f"{unit}: no pseudo-terminals on this computer, so it runs over a socket")
            kind = "socket"
        line = PtyLine() if kind == "serial" else TcpLine() if kind == "socket" else None
        if line:
            await line.open()
        link = line.unit_link if line else broker.of_unit(unit).whole
        config = write_config(
            scenario,
            unit,
            folder,
            link,
            keys / key_name(unit),
            speed,
            until_eof=True,
            ca=None if line else broker.ca,
        )
        child = Child(
            str(unit),
            [*command(runtime, HEAP_BYTES), "-m", "firmware", str(config)],
            config.with_suffix(".log"),
            say,
            environment=unit_environment(runtime),
            folder=folder,
            descriptors=line.descriptors if line else (),
            unit=True,
        )
        made.append(UnitProcess(unit, runtime, kind, line, child))
    return made
