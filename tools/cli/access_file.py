"""The file of users as the commands `ground`, `user` and `token` find it."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from ground.access.errors import AccessError, StoreError
from ground.access.store import AccessStore
from tools.cli import options
from tools.cli.errors import InputError, RunError
from tools.run.folder import make_home

AUTHOR: Final = "command line"


def add_file(parser: argparse.ArgumentParser) -> None:
    """The option that names it."""
    parser.add_argument(
        "--access",
        type=Path,
        default=options.HOME / "access.sqlite",
        metavar="FILE",
        help="users, tokens and sessions (default: .panewatch/access.sqlite)",
    )


@contextmanager
def opened(path: Path, *, make: bool = False) -> Iterator[AccessStore]:
    """The open file; what cannot be is an InputError."""
    if not make and not path.exists():
        words = f"{path}: no such file; `ground` makes it at its first start, `user add` before it"
        raise InputError(words)
    try:
        if path.parent == options.HOME:
            make_home(path.parent)
        with closing(AccessStore(path)) as store:
            yield store
    except OSError as error:
        raise InputError(f"{path.parent}: cannot be made ({error.strerror})") from None
    except AccessError as error:
        raise InputError(str(error)) from None
    except StoreError as error:
        raise RunError(str(error)) from None


def now_us() -> int:
    """Of this computer's clock."""
    return time.time_ns() // 1000
