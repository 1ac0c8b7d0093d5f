"""`panewatch restore`: a backup becomes a station's folder again."""

from __future__ import annotations

import argparse
from pathlib import Path

from ground.backup.restoring import restore
from tools.cli import options
from tools.cli.backup import tell, working
from tools.cli.errors import InputError
from tools.run.station_file import runs_in


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `restore`."""
    add = parser.add_argument
    add("backup", type=Path, metavar="FILE")
    add(
        "--out",
        type=Path,
        required=True,
        metavar="DIR",
        help="gets archive.sqlite, access.sqlite and keys",
    )
    add("--replace", action="store_true", help="give up what is there")
    add("--no-secrets", action="store_true", help="the archive alone")
    add("--json", action="store_true", help="for scripts")


def execute(args: argparse.Namespace) -> int:
    """Verify it, then put it there."""
    if not args.backup.is_file():
        raise InputError(f"{args.backup}: no such file")
    home = next((h for h in (args.out, args.out / options.HOME) if runs_in(h)), None)
    if home:
        raise InputError(
            f"{args.out}: a station runs with what is in {home}; stop it first, or name another "
            "folder"
        )
    with working(args.out) as progress:
        manifest = restore(
            args.backup, args.out, progress, replace=args.replace, secrets=not args.no_secrets
        )
    tell(manifest, args.out, "restored", as_json=args.json)
    return 0
