"""A case as the members of a bundle, and back: what is read here may be made to deceive."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from ground.archive.entries import JournalRow, StoredPacket
from ground.evidence.case import KINDS, MARK, Act, Case, Item
from ground.evidence.container import MANIFEST, pack, unpack
from ground.evidence.errors import NotABundleError
from ground.evidence.typed import Table, WrongError, lines_of, read_json
from ground.fleet import Fleet, FleetError
from ground.model import Chunk, UnitKey
from ground.monitor.limit_set import LimitsError, LimitSet
from protocol.wire.frame import MAX_PACKET

FORMAT: Final = "panewatch evidence"
VERSION: Final = 1
ALARM, FLEET, LIMITS = "alarm.json", "fleet.json", "limits.json"
PACKETS, JOURNAL, RAW = "packets.jsonl", "journal.jsonl", "raw.jsonl"
_NAMED: Final = (ALARM, FLEET, LIMITS, PACKETS, JOURNAL, RAW)
_PART_MAX: Final = 1 << 24
"""Bytes that a link can have given at once."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a file holds. `damage`: what is not as it was written, in words."""

    case: Case | None
    """None where it is too damaged to be read."""
    damage: list[str]


def write(case: Case) -> bytes:
    """The bytes of a bundle; equal cases give equal bytes."""
    members = {
        ALARM: _text(case.alarm),
        FLEET: _text(case.fleet.to_dict()),
        LIMITS: _text(
            {
                "version": case.limits.version,
                "limits": case.limits.to_dict(),
                "contexts": case.contexts,
            }
        ),
        PACKETS: _lines(_packet(p) for p in case.packets()),
        JOURNAL: _lines(_act(item) for item in case.items if isinstance(item, Act)),
        RAW: _lines(_chunk(chunk) for chunk in case.raw),
    }
    for schema, dictionary in case.dictionaries.items():
        members[_dictionary(schema)] = _text(dictionary)
    manifest = {
        "format": FORMAT,
        "version": VERSION,
        "schema": f"{case.schema:08x}",
        "software": case.software,
        "raised_with": case.raised_with,
        "limits_version": case.about.get("limits_version", case.limits.version),
        "end_us": case.end_us,
        "speed": case.speed,
        "about": case.about,
        "members": {
            name: {"bytes": len(data), "sha256": sha256(data).hexdigest()}
            for name, data in sorted(members.items())
        },
    }
    return pack({MANIFEST: _text(manifest), **members})


def read(data: bytes) -> Bundle:
    """Read and hold every digest; raises NotABundleError."""
    members, changed = unpack(data)
    if MANIFEST in changed:
        return Bundle(None, [f"{MANIFEST}: its bytes have changed since it was written"])
    try:
        manifest = Table(MANIFEST, read_json(MANIFEST, members[MANIFEST]))
        told = manifest.text("format")
        if told != FORMAT:
            raise NotABundleError(f"is no evidence bundle but {told[:40]!r}")
        version = manifest.whole("version", 0, 1 << 31)
        if version != VERSION:
            raise NotABundleError(
                f"is a bundle of version {version}, this Panewatch knows {VERSION}; "
                "use the version that made it"
            )
        listed = manifest.table("members")
        damage = _damage(members, changed, listed)
        if not damage and pack(members) != data:
            damage.append("bytes between the members have changed since it was written")
        if damage:
            return Bundle(None, damage)
        return Bundle(_case(manifest, members), [])
    except (WrongError, FleetError, LimitsError) as error:
        raise NotABundleError(f"is no bundle that Panewatch wrote: {error}") from None


def _damage(members: Mapping[str, bytes], changed: list[str], listed: Table) -> list[str]:
    damage: list[str] = []
    for name in listed:
        entry = listed.table(name)
        said = entry.text("sha256")
        found = sha256(members.get(name, b"")).hexdigest()
        if name not in members and name not in changed:
            damage.append(f"{name}: is missing")
        elif name in changed or found != said:
            damage.append(f"{name}: its bytes have changed since it was written (SHA-256)")
    strange = set(members) - set(listed) - {MANIFEST}
    damage += [f"{name}: was not there when it was written" for name in sorted(strange)]
    lacking = [name for name in _NAMED if name not in listed]
    return damage + [f"{name}: is missing" for name in lacking]


def _case(manifest: Table, members: Mapping[str, bytes]) -> Case:
    alarm = Table(ALARM, read_json(ALARM, members[ALARM]))
    alarm.text("key")
    alarm.time("raised_us")
    limits = Table(LIMITS, read_json(LIMITS, members[LIMITS]))
    contexts = limits.table("contexts")
    items: list[Item] = [_read_packet(line) for line in lines_of(PACKETS, members[PACKETS])]
    items += [_read_act(line) for line in lines_of(JOURNAL, members[JOURNAL])]
    items.sort(key=seq_of)
    dictionaries = {
        int(name[len("dictionary-") :][:8], 16): _read_dictionary(name, data)
        for name, data in members.items()
        if name.startswith("dictionary-")
    }
    return Case(
        alarm=alarm.data,
        end_us=manifest.time("end_us"),
        fleet=Fleet.from_dict(Table(FLEET, read_json(FLEET, members[FLEET])).data),
        speed=manifest.number("speed", 1e-4, 1e4),
        limits=LimitSet.from_dict(limits.table("limits").data),
        contexts={name: contexts.text(name) for name in contexts},
        items=items,
        raw=[_read_chunk(line) for line in lines_of(RAW, members[RAW])],
        dictionaries=dictionaries,
        schema=int(manifest.hexes("schema", 4).hex(), 16),
        software=_texts(manifest.table("software")),
        raised_with=_texts(manifest.table("raised_with")),
        about=manifest.table("about").data,
    )


def seq_of(item: Item) -> int:
    """Its place in the archive."""
    return item.row.seq if isinstance(item, Act) else item.seq


def _dictionary(schema: int) -> str:
    return f"dictionary-{schema:08x}.json"


def _packet(p: StoredPacket) -> dict[str, Any]:
    return {
        "seq": p.seq, "vehicle": p.unit.vehicle, "unit": p.unit.unit, "boot": p.boot,
        "record": p.record, "link": p.link, "received_us": p.received_us, "taken_us": p.taken_us,
        "schema": f"{p.schema:08x}", "data": p.data.hex(),
    }  # fmt: skip


def _read_packet(line: Table) -> StoredPacket:
    return StoredPacket(
        seq=line.whole("seq", 0, 1 << 62),
        unit=UnitKey(line.text("vehicle"), line.text("unit")),
        boot=line.whole("boot", 0, 0xFFFF),
        record=line.whole("record", 0, 0xFFFFFFFF),
        link=line.text("link"),
        received_us=line.time("received_us"),
        taken_us=line.time("taken_us"),
        schema=int(line.hexes("schema", 4).hex(), 16),
        data=line.hexes("data", MAX_PACKET),
    )


def _act(act: Act) -> dict[str, Any]:
    row = act.row
    told = {
        "seq": row.seq, "time_us": row.time_us, "author": row.author, "kind": row.kind,
        "data": row.data,
    }  # fmt: skip
    if act.alarm is None:
        return told
    return told | {"alarm": {"key": act.alarm[0], "raised_us": act.alarm[1]}}


def _read_act(line: Table) -> Act:
    kind = line.text("kind")
    if kind not in KINDS and kind != MARK:
        raise WrongError(f"{line.place}: journal entries of kind {kind[:40]!r} are in no bundle")
    named = line.table("alarm") if "alarm" in line.data else None
    row = JournalRow(
        line.whole("seq", 0, 1 << 62), line.time("time_us"), line.text("author"), kind,
        line.table("data").data,
    )  # fmt: skip
    return Act(row, None if named is None else (named.text("key"), named.time("raised_us")))


def _chunk(c: Chunk) -> dict[str, Any]:
    return {
        "link": c.link, "received_us": c.received_us, "framed": c.framed,
        "unit": list(c.unit) if c.unit else None, "data": c.data.hex(),
    }  # fmt: skip


def _read_chunk(line: Table) -> Chunk:
    framed, unit = line.data.get("framed"), line.data.get("unit")
    if not isinstance(framed, bool):
        raise WrongError(f"{line.place}: framed must be true or false")
    if unit is not None and not (
        isinstance(unit, list) and len(unit) == 2 and all(isinstance(part, str) for part in unit)
    ):
        raise WrongError(f"{line.place}: unit must be [vehicle, window] or null")
    data = line.hexes("data", _PART_MAX)
    key = UnitKey(*unit) if unit else None
    return Chunk(line.text("link"), line.time("received_us"), data, framed, key)


def _read_dictionary(name: str, data: bytes) -> dict[str, Any]:
    found = Table(name, read_json(name, data))
    if not isinstance(found.data.get("telemetry"), list):
        raise WrongError(f"{name}: holds no dictionary")
    return found.data


def _texts(table: Table) -> dict[str, str]:
    return {name: table.text(name) for name in table}


def _text(value: Any) -> bytes:
    return (json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()


def _lines(values: Iterable[dict[str, Any]]) -> bytes:
    return b"".join(
        (json.dumps(value, separators=(",", ":"), ensure_ascii=False) + "\n").encode()
        for value in values
    )
