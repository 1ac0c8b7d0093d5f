"""`panewatch dictionary`: what every packet holds."""

from __future__ import annotations

import argparse
import json

from tools.generate.dictionary import as_json, as_markdown
from tools.generate.xtce import as_xtce


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `dictionary`."""
    parser.add_argument(
        "--format",
        choices=("markdown", "json", "xtce"),
        default="markdown",
        help="(default: markdown)",
    )


def execute(args: argparse.Namespace) -> int:
    """Print it."""
    if args.format == "json":
        print(json.dumps(as_json(), indent=1, ensure_ascii=False))
    elif args.format == "xtce":
        print(as_xtce(), end="")
    else:
        print(as_markdown(), end="")
    return 0
