"""`panewatch bench`: measures, with peers beside ours in one run."""

from __future__ import annotations

import argparse
import json
import sys
from importlib import import_module
from typing import Final

from tools.bench.result import Result
from tools.cli import options
from tools.cli.errors import InputError
from tools.sim.runtime import RuntimeMissingError

BENCHES: Final = {
    "detector": "the hit detector on MicroPython, plain and as machine code",
    "history": "a day of one parameter at 10 Hz from the archive, as a plot asks for it",
    "ingest": "packets that the ground station takes in, from bytes to durable and assessed",
    "latency": "from the sample on board to the alarm at a console, over each transport",
    "retention": "how long a station that receives stands still while it drops what is old",
    "soak": "memory and speed of the ground station over ten million packets",
}
"""Each is a module of tools/bench with `run() -> Result`; of SIZED, `run(packets)`."""
SIZED: Final = ("history", "ingest", "latency", "retention", "soak")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `bench`."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="none: list them")
    parser.add_argument(
        "--packets",
        type=options.count,
        metavar="N",
        help=f"how many, for {', '.join(SIZED)} (of latency: alarms in each case)",
    )
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
    if args.packets is not None and args.name not in SIZED:
        raise InputError(
            f"{args.name} has no number of packets; --packets is for {', '.join(SIZED)}"
        )
    sizes = () if args.packets is None else (args.packets,)
    print(f"measuring {args.name} …", file=sys.stderr)
    try:
        result: Result = import_module(f"tools.bench.{args.name}").run(*sizes)
    except RuntimeMissingError as error:
        raise InputError(str(error)) from None
    if args.json:
        print(json.dumps(result.to_dict(), indent=1))
    else:
        _show(result)
    return 0


def _show(result: Result) -> None:
    peers = [
        (f"{peer} {name}", name, value)
        for peer, figures in result.peers.items()
        for name, value in figures.items()
    ]
    wide = max(map(len, [*result.figures, *(words for words, _, _ in peers)]))
    for name, value in result.figures.items():
        digits = 1 if value % 1 and value < 1000 else 0
        print(f"{name:{wide}} {value:14,.{digits}f}")
    for words, name, value in peers:
        ratios = ", ".join(
            f"{ours} {mine / value:.2f} x"
            for ours, mine in result.figures.items()
            if ours.endswith(name)
        )
        print(f"{words:{wide}} {value:14,.0f}   {ratios}")
    for note in result.notes:
        print(note)
