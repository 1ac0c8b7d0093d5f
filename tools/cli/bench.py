"""`panewatch bench`: measures, with peers beside ours in one run."""

from __future__ import annotations

import argparse
import json
import sys
from importlib import import_module
from typing import Final

from tools.bench.result import Result
from tools.cli.errors import InputError
from tools.sim.runtime import RuntimeMissingError

BENCHES: Final = {"detector": "the hit detector on MicroPython, plain and as machine code"}
"""Each is a module of tools/bench with `run() -> Result`."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `bench`."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="none: list them")
    parser.add_argument("--json", action="store_true", help="for scripts")


def execute(args: argparse.Namespace) -> int:
    """Run one, or list all."""
    if args.name is None:
        if args.json:
            print(json.dumps(BENCHES, indent=1))
        else:
            for name, words in BENCHES.items():
                print(f"{name:12} {words}")
        return 0
    if args.name not in BENCHES:
        raise InputError(f"no benchmark {args.name!r}; there are {', '.join(BENCHES)}")
    print(f"measuring {args.name} …", file=sys.stderr)
    try:
        result: Result = import_module(f"tools.bench.{args.name}").run()
    except RuntimeMissingError as error:
        raise InputError(str(error)) from None
    if args.json:
        print(json.dumps(result.to_dict(), indent=1))
    else:
        _show(result)
    return 0


def _show(result: Result) -> None:
    for name, value in result.figures.items():
        print(f"{name:32} {value:14,.0f}")
    for peer, figures in result.peers.items():
        for name, value in figures.items():
            ratios = ", ".join(
                f"{ours} {mine / value:.2f} x"
                for ours, mine in result.figures.items()
                if ours.endswith(name)
            )
            print(f"{peer + ' ' + name:32} {value:14,.0f}   {ratios}")
    for note in result.notes:
        print(note)
