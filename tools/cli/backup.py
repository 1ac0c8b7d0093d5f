"""`panewatch backup`: a copy of a station, also while it runs."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ground.archive.errors import ArchiveError
from ground.backup.making import Sources, back_up
from ground.backup.parcel import BackupError, Manifest
from tools.cli import options
from tools.cli.errors import InputError, RunError
from tools.cli.plain import one_line
from tools.cli.progress import Progress
from tools.cli.recorded import is_archive

TERMINATED: Final = 128 + signal.SIGTERM  # as shells have it


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `backup`."""
    add = parser.add_argument
    add("archive", type=Path, metavar="ARCHIVE")
    add("--out", type=Path, required=True, metavar="FILE", help="for its owner only (mode 0600)")
    add("--replace", action="store_true", help="a file that is there, once the new one is verified")
    add(
        "--access",
        type=Path,
        metavar="FILE",
        help="users and tokens (default: .panewatch/access.sqlite, where there is one)",
    )
    add(
        "--keys",
        type=Path,
        metavar="DIR",
        help="the units' keys (default: .panewatch/keys, where there are any)",
    )
    add("--no-secrets", action="store_true", help="the archive alone, without users and keys")
    add("--json", action="store_true", help="for scripts")


def execute(args: argparse.Namespace) -> int:
    """Make it and verify it."""
    if not is_archive(args.archive):
        raise InputError(f"{args.archive}: is no archive")
    sources = Sources(args.archive, *_secrets(args))
    with working(args.out) as progress:
        manifest = back_up(
            sources, args.out, time.time_ns() // 1000, progress, replace=args.replace
        )
    tell(manifest, args.out, "backup", as_json=args.json)
    return 0


@contextmanager
def working(out: Path) -> Iterator[Progress]:
    """Progress, errors in words; SIGTERM ends it as Ctrl-C does, and nothing half done stays."""
    progress = Progress()
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    try:
        yield progress
    except (ArchiveError, BackupError) as error:
        raise InputError(str(error)) from None
    except OSError as error:
        raise RunError(f"{out}: cannot be written ({error.strerror})") from None
    finally:
        signal.signal(signal.SIGTERM, before)
        progress.close()


def tell(manifest: Manifest, path: Path, what: str, *, as_json: bool) -> None:
    """Say what a backup holds."""
    names = [item.name for item in manifest.items]
    if as_json:
        told = {what: str(path), "made": manifest.made_utc, "files": names, "rows": manifest.rows}
        print(json.dumps(told | {"bytes": sum(i.size for i in manifest.items)}))
        return
    rows = manifest.rows
    print(f"{what} {path}: {rows['packets']} packets, {rows['journal']} entries of the journal")
    print(one_line(f"made {manifest.made_utc}, verified; holds {', '.join(names)}"))


def _secrets(args: argparse.Namespace) -> tuple[Path | None, Path | None]:
    """What was named must be there, what is there by default is taken along."""
    if args.no_secrets:
        if args.access or args.keys:
            raise InputError("--no-secrets leaves out what --access and --keys name")
        return None, None
    if args.access and not args.access.is_file():
        raise InputError(f"--access {args.access}: no such file")
    if args.keys and not args.keys.is_dir():
        raise InputError(f"--keys {args.keys}: no such folder")
    access = args.access or options.HOME / "access.sqlite"
    keys = args.keys or options.HOME / "keys"
    return (access if access.is_file() else None), (keys if keys.is_dir() else None)
