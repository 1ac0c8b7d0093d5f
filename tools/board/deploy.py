"""Makes a board a unit: whatever runs there is stopped, what differs is copied, and it starts."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from ground.model import UnitKey
from ground.stream.keys import KeyFileError, KeyStore, read_key
from protocol.schema.decode import Decoded
from protocol.wire.tables import SCHEMA_HASH
from tools.board import ramdisk, sync
from tools.board.identity import Identity, check_id, identity
from tools.board.line import Line
from tools.board.link import BoardLink
from tools.board.listener import Listener
from tools.board.maintenance import Say, listen, stop
from tools.board.registry import Deployment, Registry
from tools.board.remote import Remote
from tools.board.wanted import wanted_files
from tools.cli.errors import InputError, RunError
from tools.scenario.model import Scenario

MAINTENANCE_FILES: Final = ("maintenance", "store/maintenance")
_BANNER: Final = ("MicroPython ", 'Type "help()"')
STARTED_S: Final = 25.0
"""From the restart to the boot packet: 3 s for Ctrl-C, then the start itself."""


@dataclass(frozen=True)
class Wanted:
    """What a board is to become, and how it is reached."""

    scenario: Scenario
    scenario_name: str
    unit: UnitKey
    key: Path
    wiring: Path | None = None
    """Of a real window's sensors."""
    source: bool = False
    mount: bool = False
    """Use no file system of the board's."""
    force: bool = False
    """Another unit may be put onto a board that is known."""
    unique_id: str | None = None
    reset_command: str | None = None
    link: BoardLink = field(default_factory=BoardLink)


@dataclass(frozen=True)
class Deployed:
    """What was done."""

    board: Identity
    changes: sync.Changes
    files: int
    mounted: bool
    boot: Decoded | None
    """Over a broker it is not heard here: the board's console tells that it is connected."""


def deploy(
    line: Line,
    wanted: Wanted,
    keys: KeyStore,
    registry: Registry,
    say: Say,
    progress: sync.Progress,
    port: str,
) -> Deployed:
    """Raises InputError for a wrong board, RunError for one that does not do its part."""
    try:
        key = read_key(wanted.key)
    except KeyFileError as error:
        raise InputError(str(error)) from None

    def key_of(unit: UnitKey) -> bytes:
        return key if unit == wanted.unit else keys.get(unit)

    def check_running(heard: Listener) -> None:
        check_id(heard.unique_id, wanted.unique_id)
        _check_unit(registry, heard.unique_id, heard.unit, wanted)

    remote, heard = stop(line, key_of, check_running, wanted.reset_command, say)
    board = identity(remote)
    try:
        board.check(wanted.unique_id)
        _check_unit(registry, board.unique_id, heard.unit, wanted)
        mounted = wanted.mount or not board.has_files
        if mounted and wanted.wiring:
            raise InputError(
                "--window needs a board that keeps files; this one loads them from here"
            )
        if mounted and wanted.link.broker:
            raise InputError("--link needs a board that keeps files; this one loads them from here")
    except InputError:
        remote.restart()  # as it was
        raise
    files = wanted_files(
        wanted.scenario,
        wanted.unit,
        wanted.key,
        wanted.wiring,
        None if wanted.source or not board.mpy else board.mpy,
        wanted.link,
        ramdisk.STORE_BYTES if mounted else None,
    )
    if board.soft_resets and not remote.enter(STARTED_S * line.scale, soft_reset=True):
        raise RunError(f"{line.url}: the board did not come back from a soft reset")
    if mounted:
        changes = sync.Changes((), ())
        ramdisk.run_mounted(remote, files, progress)
    else:
        changes = _copy(remote, files, _is_other(registry, board, heard, wanted.unit), progress)
        remote.restart()
    # A broker that is away is no reason to forget what is on the board.
    boot = None if wanted.link.broker else await_boot(line, wanted.unit)
    registry.put(
        board.unique_id or port,
        Deployment(
            vehicle=wanted.unit.vehicle,
            unit=wanted.unit.unit,
            scenario=wanted.scenario_name,
            key=str(wanted.key.absolute()),
            wiring=str(wanted.wiring.absolute()) if wanted.wiring else "",
            port=port,
            python=board.version,
            source=wanted.source,
            mounted=mounted,
            date=datetime.now(UTC).isoformat(timespec="seconds"),
            **asdict(wanted.link.files),
        ),
    )
    if wanted.link.broker:
        await_connected(line, wanted.unit, wanted.link)
    return Deployed(board, changes, len(files), mounted, boot)


def await_connected(line: Line, unit: UnitKey, link: BoardLink) -> None:
    """What the board's console says of its broker after a restart; raises RunError."""
    said = f"firmware: {link.name}: "
    heard = Listener()
    listen(line, heard, lambda: f"{said}connected" in heard.text or heard.prompts, STARTED_S)
    if f"{said}connected" in heard.text:
        return
    why = [text.partition(said)[2] for text in heard.text.splitlines() if said in text]
    if heard.prompts or not why:
        raise RunError(_not_running(line, heard))
    raise RunError(
        f"{line.url}: {unit} runs there and is {why[-1].rpartition(',')[0]} to {link.name}; "
        "it goes on trying by itself: see that the broker is there and takes its user"
    )


def await_boot(line: Line, unit: UnitKey) -> Decoded:
    """The boot packet after a restart; raises RunError with what the board says instead."""
    heard = Listener()
    listen(line, heard, lambda: heard.boot or heard.prompts, STARTED_S)
    if heard.boot is None:
        raise RunError(_not_running(line, heard))
    schema = int(heard.boot.raw["schema_hash"])
    if heard.unit != unit or schema != SCHEMA_HASH:
        raise RunError(f"{line.url}: {heard.unit} of schema {schema:08x} started there, not {unit}")
    return heard.boot


def _not_running(line: Line, heard: Listener) -> str:
    lines = heard.text.splitlines()
    words = [text for text in lines if text.strip(" >.") and not text.startswith(_BANNER)]
    last = words[-1] if words else "none"
    return f"{line.url}: the unit does not run there; the board's last words: {last}"


def _check_unit(
    registry: Registry, unique_id: str, running: UnitKey | None, wanted: Wanted
) -> None:
    """Raise InputError where another unit is known to be on the board."""
    if wanted.force:
        return
    known = registry.get(unique_id) if unique_id else None
    there = running or (known.unit_key if known else None)
    if there and there != wanted.unit:
        raise InputError(
            f"board {unique_id or 'without a unique id'} is {there}; name --unit {there}, or "
            f"make it {wanted.unit} with --force, which erases what its recorder keeps"
        )


def _is_other(registry: Registry, board: Identity, heard: Listener, unit: UnitKey) -> bool:
    """True when the board was another unit before: its records would be told as the new one's."""
    known = registry.get(board.unique_id)
    there = heard.unit or (known.unit_key if known else None)
    return there is not None and there != unit


def _copy(
    remote: Remote, files: sync.Files, erase_store: bool, progress: sync.Progress
) -> sync.Changes:
    """Copy what differs; what would keep the unit in maintenance goes."""
    progress("comparing", 0, 1)
    changes = sync.compare(files, sync.digests(remote, files))
    if changes or erase_store:
        sync.apply(remote, files, changes, progress, ("store",) if erase_store else ())
    sync.remove(remote, MAINTENANCE_FILES)
    return changes
