"""The `panewatch` command: one subcommand a file, one clear line for every mistake."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Final, NoReturn

from ground.links.secrecy import without_passwords
from tools.cli.errors import CommandError
from tools.cli.plain import one_line
from tools.scenario.error import ScenarioError

COMMANDS: Final = {
    "run": "start units, broker, ground station and console on this computer",
    "sim": "play a scenario in virtual time and print what the ground made of it",
    "firmware": "run one window unit on this computer",
    "ground": "run the ground station alone, with its console",
    "replay": "play recorded telemetry through the ground station and its console",
    "report": "print what recorded telemetry amounts to",
    "fsck": "check whether an archive is whole, and name what is damaged",
    "evidence": "write down what an alarm rests on, in one file, and verify such a file",
    "export": "write an archive's parameters, packets, alarms and journal as CSV or Parquet",
    "backup": "copy a station's archive, users and keys, also while it runs",
    "restore": "put a backup back, verified before",
    "prune": "drop the oldest of an archive whose ground station does not run",
    "command": "list and send commands, and follow them",
    "key": "list, make and change the units' keys",
    "limits": "show, try and set the limits of housekeeping",
    "user": "say who may sign in to the ground station, and in which role",
    "token": "make, list and revoke what scripts show instead of a password",
    "tls": "make a certificate for a ground station seen beyond its own computer",
    "broker": "write the configuration of a Mosquitto that lets in the right units only",
    "dictionary": "print the telemetry and command dictionary",
    "board": "put the firmware onto a microcontroller board, verify and test it there",
    "regression": "keep a recording as a regression test",
    "bench": "measure, with peers beside ours",
}
"""Each is a module of this package with `add_arguments(parser)` and `execute(args) -> int`."""

INTERRUPTED = 130  # 128 + SIGINT, as shells have it
BROKEN_PIPE = 141  # 128 + SIGPIPE


class Parser(argparse.ArgumentParser):
    """Mistakes on the command line in one line, without the usage text."""

    def error(self, message: str) -> NoReturn:
        """Say it on standard error and exit with 2."""
        words = without_passwords(message)  # an address may stand in the wrong place
        self.exit(2, f"panewatch: {words} (see {self.prog} --help)\n")


def build_parser(argv: Sequence[str]) -> argparse.ArgumentParser:
    """The parser; of the commands' modules it loads only the one that argv names."""
    parser = Parser(
        prog="panewatch",
        description="Watches spacecraft windows for strikes and leaks.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"panewatch {installed_version()}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=Parser)
    chosen = next((word for word in argv if not word.startswith("-")), None)
    for name, words in COMMANDS.items():
        command = commands.add_parser(
            name, help=words, description=f"{words[0].upper()}{words[1:]}.", allow_abbrev=False
        )
        if name == chosen:
            module = import_module(f"tools.cli.{name}")
            module.add_arguments(command)
            command.set_defaults(execute=module.execute, parser=command)
    return parser


def installed_version() -> str:
    """The version of the installed package."""
    try:
        return version("panewatch")
    except PackageNotFoundError:
        return "(not installed)"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0, 1 failed, 2 wrong input, 130 interrupted."""
    words = sys.argv[1:] if argv is None else argv
    try:
        args, rest = build_parser(words).parse_known_args(words)
        rest = _taken(args, rest)
        if rest:
            args.parser.error(f"unrecognized arguments: {' '.join(rest)}")
        code: int = args.execute(args)
        sys.stdout.flush()
    except CommandError as error:
        return _fail(str(error), error.exit_code)
    except ScenarioError as error:
        return _fail(str(error), 2)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader has gone: keep the interpreter's own flush at exit from failing as well.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except OSError as error:
        return _fail(f"{error.filename}: {error.strerror}" if error.filename else str(error), 1)
    return code


def _taken(args: argparse.Namespace, rest: list[str]) -> list[str]:
    """What is left over: argparse gives up words that need not be there at the first option.

    A command tells by `late=(name, type)` where its own go that come after one.
    """
    if "late" not in args or not rest or any(word.startswith("-") for word in rest):
        return rest
    name, kind = args.late
    if isinstance(held := getattr(args, name), list):
        held += rest
        return []
    if held is None and len(rest) == 1:
        setattr(args, name, kind(rest[0]))
        return []
    return rest


def _fail(message: str, code: int) -> int:
    words = without_passwords(" ".join(message.split()))
    print(one_line(f"panewatch: {words}"), file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
