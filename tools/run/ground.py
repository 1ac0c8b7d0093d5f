"""A ground station in this process: archive, station, links, console."""

from __future__ import annotations

import asyncio
import gc
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

from ground.access.access import Access
from ground.api.app import create_app
from ground.api.server import CertificateError, PortError, serve
from ground.api.site import Site
from ground.api.source import Ground
from ground.archive.archive import Archive
from ground.archive.errors import ArchiveError, folding
from ground.clock import SteadyClock
from ground.fleet import Fleet
from ground.links.link import LinkError
from ground.links.specification import make_link
from ground.operations import Operations
from ground.retention.keeper import Keeper, Policy
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
    """The console's start address; without users it carries the token that opens the actions."""
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
    access: Access | None = None,
    site: Site | None = None,
    policy: Policy | None = None,
) -> AsyncIterator[RunningGround]:
    """Serve while the context is open, going on from what the archive at `path` holds.

    `scenario` names what a new archive is of; access and site as of `serving`. Raises InputError
    for an archive, link, key, port or certificate that cannot be.
    """
    clock = SteadyClock()
    keeper = Keeper(policy, clock) if policy else None
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
                station = Station(
                    archive, fleet, Assessor, store, speed=speed,
                    passed=keeper.passed if keeper else None,
                )  # fmt: skip
                if keeper:
                    keeper.folded(station)
        except ArchiveError as error:
            raise InputError(str(error)) from None
        service = Service(station, made, clock, say, keeper)
        async with serving(service, port, access, site) as running:
            gc.collect()
            gc.freeze()  # what a start has made stays: no later collection looks at it again
            yield running


@asynccontextmanager
async def serving(
    service: Service, port: int, access: Access | None = None, site: Site | None = None
) -> AsyncIterator[RunningGround]:
    """Run a service with its console while the context is open.

    Without `access` there are no users: the start address carries a token for this run. Raises
    InputError for a port or certificate that cannot be.
    """
    token = "" if access else secrets.token_urlsafe(16)
    ground = Operations(service)
    if access:
        service.station.dispatch.heed(access.barred)
    app = create_app(ground, token, access=access, site=site)
    try:
        async with serve(app, port) as address:
            task = asyncio.create_task(service.run())
            try:
                start = f"{address}/?token={token}" if token else f"{address}/"
                yield RunningGround(start, ground, service, task)
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
    except (PortError, CertificateError) as error:
        raise InputError(str(error)) from None
