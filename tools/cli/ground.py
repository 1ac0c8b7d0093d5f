"""`panewatch ground`: the ground station alone, with its console."""

from __future__ import annotations

import argparse
import asyncio
import secrets
import sys
from contextlib import ExitStack, closing
from ipaddress import ip_address
from pathlib import Path

from ground.access.access import ADMIN, Access
from ground.api.site import LOOPBACK, Site
from ground.archive.archive import Archive
from ground.fleet import Fleet
from ground.rebuild import stored_fleet
from tools.cli import (
    access_file,
    link_options,
    options,
    retention_options,
    site_options,
    station_options,
)
from tools.cli.errors import InputError
from tools.cli.recorded import fleet_of, reading
from tools.run.folder import ARCHIVE, afterwards, run_folder
from tools.run.ground import running_ground
from tools.run.main import first_of, stop_event
from tools.run.narrate import Narrator
from tools.run.station_file import announced


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `ground`."""
    parser.add_argument(
        "--link",
        dest="links",
        action="append",
        required=True,
        metavar="URL",
        help="as for firmware; may be given more than once",
    )
    link_options.add_options(parser)
    parser.add_argument(
        "--archive", type=Path, metavar="FILE", help="(default: a new one in .panewatch/runs)"
    )
    parser.add_argument(
        "--keys",
        type=Path,
        metavar="DIR",
        help="VEHICLE-WINDOW.key for each unit that is to be commanded (default: .panewatch/keys)",
    )
    parser.add_argument(
        "--fleet",
        metavar="NAME|FILE",
        help="scenario with the vehicles (default: those of the archive)",
    )
    access_file.add_file(parser)
    site_options.add_options(parser)
    retention_options.add_options(parser)
    parser.add_argument(
        "--port", type=options.port, default=0, metavar="N", help="of the console (default: free)"
    )


def execute(args: argparse.Namespace) -> int:
    """Run until a signal ends it."""
    if args.keys and not args.keys.is_dir():
        raise InputError(f"--keys {args.keys}: no such folder")
    site_options.site_of(args)  # before a folder is made
    fleet = fleet_of(args.fleet) if args.fleet else None
    for link in args.links:
        link_options.warn_of_password(link)
    if args.archive:
        _serve(args, args.archive, fleet or _fleet_in(args.archive))
    else:
        with run_folder(options.HOME.absolute()) as folder:
            _serve(args, folder / ARCHIVE, fleet or Fleet())
    return 0


def _serve(args: argparse.Namespace, path: Path, fleet: Fleet) -> None:
    # A loop that can watch sockets on every system (the MQTT client needs it).
    factory = asyncio.SelectorEventLoop if sys.platform == "win32" else None
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(_run(args, path, fleet))


def _fleet_in(path: Path) -> Fleet:
    """The vehicles that an archive was made for; none when it is new."""
    if not path.exists():
        return Fleet()
    with reading(path), closing(Archive(path, write=False)) as archive:
        return stored_fleet(archive)


def _near(site: Site, url: str) -> str:
    """Its address for this computer, which may not know the name that others call it by."""
    if not site.certificate or not ip_address(site.host).is_unspecified:
        return url
    near = next((name for name in site.names if name in ("localhost", LOOPBACK)), None)
    return f"{site.scheme}://{near}:{site.port}/" if near else url


async def _run(args: argparse.Namespace, archive: Path, fleet: Fleet) -> None:
    stopped = stop_event()
    keys = args.keys or options.HOME / "keys"
    narrator = Narrator(lambda line: print(line, flush=True))
    site = site_options.site_of(args)
    with access_file.opened(args.access, make=True) as store, ExitStack() as here:
        token = secrets.token_urlsafe(16)  # of who may read this folder's files
        access = Access(store, token, f"{station_options.login()} at the command line")
        async with running_ground(
            archive,
            fleet,
            keys,
            [link_options.completed(link, args) for link in args.links],
            args.port,
            1.0,
            narrator.say,
            access=access,
            site=site,
            policy=retention_options.policy_of(args),
        ) as running:
            near = f"{_near(site, running.url)}?token={token}"
            trust = site.certificate.chain if site.certificate else None
            here.enter_context(announced(options.HOME, near, narrator.say, trust))
            print(f"Console: {running.url}", flush=True)
            print(f"Archive: {archive}", flush=True)
            if password := access.first_start():
                print(f"First start: sign in as {ADMIN}, password {password}", flush=True)
                print("(shown this once; `panewatch user passwd admin` sets another)", flush=True)
            narrator.know(running.ground)
            running.service.subscribe(lambda _: narrator.look(running.ground))
            await first_of(stopped, [running.task])
            narrator.end()
            narrator.say("ending")
    print(afterwards(archive), flush=True)
