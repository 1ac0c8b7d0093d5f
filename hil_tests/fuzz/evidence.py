"""Evidence from a stranger, as a target of the fuzzer."""

from __future__ import annotations

import functools
import json
import tempfile
from hashlib import sha256
from pathlib import Path

from ground.archive.archive import Archive
from ground.evidence.bundle import write
from ground.evidence.container import MANIFEST, pack, unpack
from ground.evidence.errors import NotABundleError
from ground.evidence.gather import gather
from ground.evidence.verify import Verdict, verify
from ground.fleet import Fleet
from ground.model import Chunk, UnitKey
from ground.station import Station
from ground.verdict.assessor import Assessor
from hil_tests.sim.fake_unit import FakeUnit
from protocol.wire import frame

T0 = 1_762_214_400_000_000
S = 1_000_000


def evidence(data: bytes) -> None:
    """Foreign bytes, a changed bundle, and a changed member under right digests."""
    _verified(data)
    whole = _sound_bundle()
    if not data:
        return
    changed = _patched(whole, data[1:])
    verdict = _verified(changed)
    assert changed == whole or verdict is None or not verdict.identical
    members, _ = unpack(whole)
    name = sorted(members)[data[0] % len(members)]
    members[name] = _patched(members[name], data[1:])
    if name != MANIFEST:
        manifest = json.loads(members[MANIFEST])
        digest = sha256(members[name]).hexdigest()
        manifest["members"][name] = {"bytes": len(members[name]), "sha256": digest}
        members[MANIFEST] = json.dumps(manifest).encode()
    _verified(pack(members))


def _verified(data: bytes) -> Verdict | None:
    try:
        return verify(data)
    except NotABundleError as error:
        assert "\n" not in str(error)
        return None


def _patched(content: bytes, data: bytes) -> bytes:
    """Place, place, value, how many."""
    made = bytearray(content)
    for i in range(0, min(len(data), 32) - 3, 4):
        at = int.from_bytes(data[i : i + 2], "big") * len(made) >> 16
        end = min(at + 1 + data[i + 3] % 4, len(made))
        made[at:end] = bytes([data[i + 2]]) * (end - at)
    return bytes(made)


@functools.cache
def _sound_bundle() -> bytes:
    """Of a strike."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "archive.sqlite"
        unit, key = FakeUnit(), UnitKey("sz20", "w1")
        fleet = Fleet.from_dict(
            {"vehicle": [{"id": "sz20", "role": "return", "window": [{"id": "w1"}]}]}
        )
        station = Station(Archive(path), fleet, Assessor)
        station.start(T0)
        for k, packet in enumerate((unit.boot(), unit.housekeeping(), unit.hit())):
            framed = k != 1
            sent = frame.encode(packet) if framed else packet
            station.receive(Chunk(f"line-{framed}", T0 + k * S, sent, framed, None if k else key))
            station.tick(T0 + k * S + S // 2)
        station.stop(T0 + 4 * S)
        made = write(gather(station.archive, 1))
        station.archive.close()
        return made
