"""`panewatch run`: the whole of Panewatch on one computer, and its end.

Order of start: broker, ground with console, units. They end the other way round, so that nothing
that a unit still says is lost.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

from ground.console import fetch as console_files
from ground.retention.keeper import Policy
from tools.run.accounts import Accounts, accounts
from tools.run.child import Child
from tools.run.folder import ARCHIVE, afterwards, make_keys, run_folder
from tools.run.ground import running_ground
from tools.run.inspections import play_inspections
from tools.run.narrate import Narrator
from tools.run.station_file import announced
from tools.run.units import UnitProcess, prepare
from tools.scenario.model import Scenario
from tools.sim.runtime import environment


@dataclass(frozen=True)
class RunOptions:
    """What `panewatch run` was asked for."""

    scenario: Scenario
    home: Path
    """Takes runs/."""
    speed: float = 1.0
    for_s: float | None = None
    """End after so many seconds; None: at Ctrl-C."""
    port: int = 0
    """Of the console; 0 takes a free one."""
    broker: str | None = None
    """Address of a broker outside, as of `read_broker`; None: the embedded one."""
    broker_clients: Path | None = None
    """Folder of `broker config` with each one's password there; None: one user for all."""
    policy: Policy = field(default_factory=Policy)
    """What the ground station drops of its archive."""


def run(options: RunOptions) -> int:
    """Run until Ctrl-C, SIGTERM or the end of `for_s`; exit code 0. Raises InputError, RunError."""
    # A loop that can watch sockets on every system (the MQTT client needs it).
    factory = asyncio.SelectorEventLoop if sys.platform == "win32" else None
    with asyncio.Runner(loop_factory=factory) as runner, suppress(KeyboardInterrupt):
        runner.run(supervise(options, lambda line: print(line, flush=True)))
    return 0


async def supervise(options: RunOptions, print_line: Callable[[str], None]) -> None:
    """Start all, tell what happens, end all. Raises InputError, RunError."""
    outside = accounts(options.broker, options.broker_clients) if options.broker else None
    with run_folder(options.home.absolute()) as folder:
        await _supervise(options, outside, folder, print_line)
        print_line(afterwards(folder / ARCHIVE))


async def _supervise(
    options: RunOptions,
    outside: Accounts | None,
    folder: Path,
    print_line: Callable[[str], None],
) -> None:
    stopped = stop_event()
    scenario = options.scenario
    # A run's recorders and counters begin anew, so its keys do too: no old command fits.
    keys = make_keys(folder, scenario.units)
    narrator = Narrator(print_line)
    async with AsyncExitStack() as stack:
        broker, keepers = outside, []
        if broker is None:
            url, child = await start_broker(stack, folder, narrator.say)
            broker = accounts(url)
            keepers.append(child.keeper)
        units = await prepare(scenario, folder, keys, broker, options.speed, narrator.say)
        for unit in units:
            if unit.line:
                stack.callback(unit.line.close)

        lines = {u.line.ground_link: f"serial line of {u.unit}" for u in units if u.line}
        links = [
            *lines,
            *([broker.of_ground().complete] if any(u.line is None for u in units) else []),
        ]

        def say_link(words: str) -> None:
            link, _, state = words.partition(": ")
            narrator.say(f"{lines.get(link, link)}: {state}")

        running = await stack.enter_async_context(
            running_ground(
                folder / ARCHIVE,
                scenario.fleet,
                keys,
                links,
                options.port,
                options.speed,
                say_link,
                scenario.name,
                policy=options.policy,
            )
        )
        stack.enter_context(announced(options.home, running.url, print_line))
        print_line(f"Console: {running.url}")
        if not console_files.present():
            print_line("The browser view is missing (npm's files: make setup); all else works")
        print_line(f"Records: {folder}")
        running.service.subscribe(lambda _: narrator.look(running.ground))
        stack.push_async_callback(stop_units, units)
        for unit in units:
            await unit.child.start()
            narrator.say(f"{unit.words} starts")
        inspections = asyncio.create_task(
            play_inspections(scenario, running.ground, options.speed, narrator.say)
        )
        stack.callback(inspections.cancel)
        keepers += [unit.child.keeper for unit in units]
        await first_of(stopped, [running.task, *keepers], options.for_s)
        narrator.end()
        narrator.say("ending")


async def start_broker(
    stack: AsyncExitStack, folder: Path, say: Callable[[str], None]
) -> tuple[str, Child]:
    """Start the embedded broker; its URL with this run's user and password, and its process."""
    child = Child(
        "broker",
        [sys.executable, "-m", "tools.run.broker"],
        folder / "broker.log",
        say,
        environment=environment(),
        answers=True,
    )
    user, password = "panewatch", secrets.token_urlsafe(16)
    child.order = json.dumps({"port": 0, "user": user, "password": password})
    stack.push_async_callback(child.stop)
    await child.start()
    # Should it have to start again, then where its clients know it.
    child.order = json.dumps({"port": int(child.answer), "user": user, "password": password})
    return f"mqtt://{user}:{password}@127.0.0.1:{child.answer}", child


async def stop_units(units: list[UnitProcess]) -> None:
    """End them all at once."""
    await asyncio.gather(*(unit.child.stop() for unit in units))


async def first_of(
    stopped: asyncio.Event, tasks: Sequence[asyncio.Task[None]], for_s: float | None = None
) -> None:
    """Wait for a signal, the end of the time, or the failure of a task, which is raised."""
    stop = asyncio.create_task(stopped.wait())
    await asyncio.wait((stop, *tasks), timeout=for_s, return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    for task in tasks:
        if task.done():
            task.result()


def stop_event() -> asyncio.Event:
    """Set by SIGINT and SIGTERM, where the loop can take signals."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # Windows: KeyboardInterrupt cancels the task
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    return stopped
