"""What of an archive is kept: options of `ground`, `run` and `prune`."""

from __future__ import annotations

import argparse
from typing import Final

from ground.retention.keeper import Policy
from tools.cli import options
from tools.cli.errors import InputError

SMALLEST: Final = 10_000_000
_DAY_US: Final = 86_400e6


def add_options(parser: argparse.ArgumentParser) -> None:
    """Both, neither set by default."""
    parser.add_argument(
        "--keep-days",
        type=options.days,
        metavar="D",
        help="drop what was received earlier (default: keep all)",
    )
    parser.add_argument(
        "--keep-size",
        type=options.size,
        metavar="SIZE",
        help="drop the oldest beyond it, e.g. 20G (default: keep all)",
    )


def policy_of(args: argparse.Namespace) -> Policy:
    """As the options say; raises InputError."""
    if args.keep_size is not None and args.keep_size < SMALLEST:
        raise InputError(
            f"--keep-size: less than {SMALLEST // 10**6}M holds no station's knowledge"
        )
    age_us = None if args.keep_days is None else round(args.keep_days * _DAY_US)
    return Policy(age_us, args.keep_size)
