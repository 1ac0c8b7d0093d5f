"""A process of the run: kept alive, told to end by the end of its standard input."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, TypeVar

from firmware.boards import launched
from firmware.services.boot import WATCHDOG
from tools.cli.errors import RunError

T = TypeVar("T")

GRACE_S: Final = 2.0
"""A child that was told to end has this long, then half of it after a signal."""
FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 8.0
WRONG_INPUT: Final = 2
"""Exit code of a child that would fail again."""
SETTLED_S: Final = 10.0
"""A child that lived this long is not failing at its start."""

# Ctrl-C on a terminal goes to a whole process group; only the supervisor is to act on it.
OWN_GROUP: Final[dict[str, Any]] = (
    {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
    if sys.platform == "win32"
    else {"process_group": 0}
)


class Child:
    """Starts a program and starts it again when it ends by itself.

    Its standard input is a pipe that only this process holds open: when this one dies, however
    it dies, the child reads the end and ends as well. `order`, one line, is written to it first;
    with `answers` the first line of the child's standard output is waited for at each start.
    A `unit` is told why it starts, and left alone when it ended for maintenance.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        say: Callable[[str], None],
        *,
        environment: Mapping[str, str],
        descriptors: Sequence[int] = (),
        answers: bool = False,
        unit: bool = False,
        folder: Path | None = None,
    ) -> None:
        self.name = name
        self.order = ""
        self.answer = ""
        self._command = command
        self._log = log
        self._say = say
        self._environment = environment
        self._descriptors = descriptors
        self._answers = answers
        self._unit = unit
        self._folder = folder
        self._cause: dict[str, str] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._threads = ThreadPoolExecutor(2)
        self._keeper: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """Of the process that runs now."""
        return self._process.pid if self._process else None

    @property
    def keeper(self) -> asyncio.Task[None]:
        """Keeps it running since `start`; raises RunError when it would only fail again."""
        assert self._keeper is not None
        return self._keeper

    async def start(self) -> None:
        """Start, and keep running from now on."""
        await self._spawn()
        self._keeper = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """Close its input, then ask it, then kill it; returns when it is gone."""
        if self._keeper:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        process = self._process
        if process is None:
            return
        assert process.stdin is not None
        process.stdin.close()
        for grace_s, act in ((GRACE_S, process.terminate), (GRACE_S / 2, process.kill)):
            try:
                await asyncio.wait_for(self._in_thread(process.wait), grace_s)
            except TimeoutError:
                act()
        await self._in_thread(process.wait)

    async def _spawn(self) -> None:
        self._open()
        if self._answers:
            assert self._process is not None
            assert self._process.stdout is not None
            self.answer = (await self._in_thread(self._process.stdout.readline)).decode().strip()

    def _open(self) -> None:
        with self._log.open("ab") as log:
            process = self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE if self._answers else log,
                stderr=log,
                env={**self._environment, **self._cause},
                pass_fds=self._descriptors,
                cwd=self._folder,
                **OWN_GROUP,
            )
        if self.order:
            assert process.stdin is not None
            process.stdin.write(f"{self.order}\n".encode())
            process.stdin.flush()

    async def _keep(self) -> None:
        loop = asyncio.get_running_loop()
        pause_s = FIRST_PAUSE_S
        while True:
            assert self._process is not None
            started_s = loop.time()
            code = await self._in_thread(self._process.wait)
            if code == WRONG_INPUT:
                raise RunError(f"{self.name} cannot run: {self._last_line()}")
            words = f"ended ({code})"
            if self._unit:
                self._cause = {launched.VARIABLE: str(launched.cause(code))}
                if code == launched.MAINTENANCE:
                    self._say(f"{self.name} stays in maintenance: {self._last_line()}")
                    await asyncio.Event().wait()
                if launched.cause(code) == WATCHDOG:
                    words = "was reset by its watchdog"
            if loop.time() - started_s > SETTLED_S:
                pause_s = FIRST_PAUSE_S
            self._say(f"{self.name} {words}; starts again in {pause_s:g} s, see {self._log}")
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
            await self._spawn()

    def _last_line(self) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").split("\n")
        return next((line for line in reversed(lines) if line), f"see {self._log}")

    async def _in_thread(self, blocking: Callable[[], T]) -> T:
        """Await a blocking call; unlike asyncio's own subprocesses this runs on every loop."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, blocking)
