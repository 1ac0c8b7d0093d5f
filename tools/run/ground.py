"""A ground station in this process: archive, station, links, console."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

from ground.api.app import create_app
from ground.api.server import PortError, serve
from ground.api.source import Ground
from ground.archive.archive import Archive
from ground.archive.errors import ArchiveError, folding
from ground.clock import SteadyClock
from ground.fleet import Fleet
from ground.links.link import LinkError
from ground.links.specification import make_link
from ground.operations import Operations
from ground.service import Service
from ground.station import Station
from ground.stream.keys import KeyFileError, KeyStore
from ground.summary import SCENARIO
from ground.verdict.assessor import Assessor
from tools.cli.errors import InputError


@dataclass(frozen=True)
class RunningGround:
    """A ground station that answers."""

    url: str
    """The console's start address, with the token that opens its actions."""
    ground: Ground
    service: Service
    task: asyncio.Task[None]
    """Ends only by failing or when the context closes."""


@asynccontextmanager
async def running_ground(
    path: Path,
    fleet: Fleet,
    keys: Path,
    links: Sequence[str],
    port: int,
    speed: float,
    say: Callable[[str], None],
    scenario: str = "",
) -> AsyncIterator[RunningGround]:
    """Serve while the context is open, going on from what the archive at `path` holds.

    `scenario` names what a new archive is of. Raises InputError for an archive, link, key or port
    that cannot be.
    """
    clock = SteadyClock()
    store = KeyStore(keys)
    try:
        store.check()
        made = [make_link(url, clock) for url in links]
        archive = Archive(path)
    except (KeyFileError, LinkError, ArchiveError) as error:
        raise InputError(str(error)) from None
    with closing(archive):
        if scenario:
            archive.set_meta(SCENARIO, scenario)
        try:
            with folding(path):
                station = Station(archive, fleet, Assessor, store, speed=speed)
        except ArchiveError as error:
            raise InputError(str(error)) from None
        async with serving(Service(station, made, clock, say), port) as running:
            yield running


@asynccontextmanager
async def serving(service: Service, port: int) -> AsyncIterator[RunningGround]:
    """Run a service with its console while the context is open; raises InputError for the port."""
    token = secrets.token_urlsafe(16)
    ground = Operations(service)
    try:
        async with serve(create_app(ground, token), port) as address:
            task = asyncio.create_task(service.run())
            try:
                yield RunningGround(f"{address}/?token={token}", ground, service, task)
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
    except PortError as error:
        raise InputError(str(error)) from None
