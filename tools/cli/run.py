"""`panewatch run`: the main job on one computer."""

from __future__ import annotations

import argparse
from pathlib import Path

from tools.cli import link_options, options, retention_options
from tools.run.main import RunOptions, run
from tools.scenario.load import load


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `run`."""
    parser.add_argument(
        "--scenario", default="shenzhou20", metavar="NAME|FILE", help="(default: shenzhou20)"
    )
    parser.add_argument(
        "--speed", type=options.speed, default=1.0, metavar="X", help="times real time (default: 1)"
    )
    parser.add_argument(
        "--for", dest="for_s", type=options.seconds, metavar="S", help="end after S seconds"
    )
    parser.add_argument(
        "--port", type=options.port, default=0, metavar="N", help="of the console (default: free)"
    )
    parser.add_argument(
        "--broker", metavar="URL", help="mqtt[s]://[USER@]HOST[:PORT] (default: our own)"
    )
    parser.add_argument(
        "--broker-clients",
        type=Path,
        metavar="DIR",
        help="passwords by `panewatch broker config`: each unit and the ground is its own user",
    )
    link_options.add_options(parser)
    retention_options.add_options(parser)


def execute(args: argparse.Namespace) -> int:
    """Run until Ctrl-C, or for --for seconds."""
    broker = args.broker and link_options.completed(args.broker, args)
    if args.broker:
        link_options.warn_of_password(args.broker)
    return run(
        RunOptions(
            load(args.scenario),
            options.HOME,
            args.speed,
            args.for_s,
            args.port,
            broker,
            args.broker_clients,
            retention_options.policy_of(args),
        )
    )
