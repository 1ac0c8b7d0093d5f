"""Compares a board with what was deployed onto it; the unit there is stopped for it and goes on."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ground.stream.keys import KeyStore
from protocol.wire.tables import SCHEMA_HASH
from tools.board import sync
from tools.board.deploy import await_boot, await_connected
from tools.board.identity import Identity, check_id, identity
from tools.board.line import Line
from tools.board.link import read_link
from tools.board.listener import Listener
from tools.board.maintenance import BOOT_PACKET_S, Say, hears_unit, listen_for_boot, stop
from tools.board.registry import Deployment, Registry
from tools.board.remote import Remote, RemoteError
from tools.board.wanted import wanted_files
from tools.cli.errors import InputError, RunError
from tools.scenario.load import load


@dataclass(frozen=True)
class Check:
    """One thing that was compared."""

    what: str
    board: str
    here: str
    same: bool

    def to_dict(self) -> dict[str, Any]:
        """For scripts."""
        return asdict(self)


def verify(
    line: Line,
    keys: KeyStore,
    given_key: bytes | None,
    registry: Registry,
    unique_id: str | None,
    reset_command: str | None,
    say: Say,
    port: str,
) -> list[Check]:
    """Raises InputError for a wrong or unknown board, RunError when it cannot be reached."""
    before = registry.on_port(port)
    if before and before.mounted:
        return _listen(line, before)
    remote, _ = stop(
        line,
        lambda unit: given_key or keys.get(unit),
        lambda heard: check_id(heard.unique_id, unique_id),
        reset_command,
        say,
    )
    try:
        board = identity(remote)
        board.check(unique_id)
        known = registry.get(board.unique_id or port)
        if known is None:
            raise InputError(
                f"board {board.unique_id or 'without a unique id'} was not deployed from here; "
                "panewatch board deploy makes it known"
            )
        checks = [
            Check("board", board.unique_id, board.unique_id, True),
            _check("Python", board.version, known.python),
            *_files(remote, board, known),
            _schema(remote),
        ]
    except InputError:
        remote.restart()
        raise
    remote.restart()
    link = read_link(known.link_files)
    if all(check.same for check in checks) and link.broker:
        await_connected(line, known.unit_key, link)
        return [*checks, Check("connects to", link.name, link.name, True)]
    if all(check.same for check in checks):
        boot = await_boot(line, known.unit_key)
        running = f"{known.unit_key}, boot {boot.boot_id}"
        return [*checks, Check("starts as", running, str(known.unit_key), True)]
    return checks


def _listen(line: Line, known: Deployment) -> list[Check]:
    """Without files there is only what the unit tells, which goes on."""
    heard = Listener()
    if hears_unit(line, heard):
        listen_for_boot(line, heard, BOOT_PACKET_S)
    if heard.boot is None:
        raise RunError(
            f"{line.url}: no unit runs there. This board keeps no files and forgets "
            f"{known.unit_key} with a reset: deploy it again"
        )
    return [
        _check("unit", str(heard.unit), str(known.unit_key)),
        _check("schema", f"{heard.schema:08x}", f"{SCHEMA_HASH:08x}"),
    ]


def _check(what: str, board: str, here: str) -> Check:
    return Check(what, board, here, board == here)


def _files(remote: Remote, board: Identity, known: Deployment) -> list[Check]:
    """One line for all that are the same, one for each that differs."""
    mpy = None if known.source or not board.mpy else board.mpy
    wiring = Path(known.wiring) if known.wiring else None
    link = read_link(known.link_files)
    wanted = wanted_files(load(known.scenario), known.unit_key, Path(known.key), wiring, mpy, link)
    present = sync.digests(remote, wanted)
    changes = sync.compare(wanted, present)
    same = len(wanted) - len(changes.copy)
    counted = Check("files", f"{same} the same", f"{len(wanted)} files", not changes)
    differing = [
        Check(name, "differs" if name in present else "missing", "as deployed", False)
        for name in changes.copy
    ]
    return [counted, *differing, *(Check(n, "left over", "no file", False) for n in changes.remove)]


def _schema(remote: Remote) -> Check:
    try:
        there = remote.run(
            "from protocol.wire.tables import SCHEMA_HASH\nprint('%08x' % SCHEMA_HASH)"
        )
    except RemoteError:
        there = "cannot be read"
    return _check("schema", there.strip(), f"{SCHEMA_HASH:08x}")
