"""A bundle from who knows where: damaged, forged, absurd; and what is never in one."""

from __future__ import annotations

import io
import json
import warnings
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ground.access.roles import Role
from ground.evidence import bundle, container
from ground.evidence.case import Act
from ground.evidence.container import MANIFEST, pack, unpack
from ground.evidence.errors import NotABundleError
from ground.evidence.verify import verify
from hil_tests.sim.evidence_bench import SZ20, Story
from hil_tests.support.people import NAMES, PASSWORD, Place, cheap_hashes
from tools.cli.main import main

MODEST = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    story = Story(tmp_path_factory.mktemp("story") / "archive.sqlite")
    story.seconds(3)
    story.hear(story.strike())
    story.seconds(1)
    made = story.bundle(story.alarm("impact:"))
    story.close()
    return made


def outcome(data: bytes) -> str:
    """identical, differs or none; anything else it raises is a failure."""
    try:
        verdict = verify(data)
    except NotABundleError as error:
        assert "\n" not in str(error)
        return "none"
    return "identical" if verdict.identical else "differs"


def members_of(data: bytes) -> dict[str, bytes]:
    found, changed = unpack(data)
    assert not changed
    return found


def forged(data: bytes, name: str, content: bytes) -> bytes:
    """With another member and a manifest that fits: only running it can tell."""
    members = members_of(data) | {name: content}
    manifest = json.loads(members[MANIFEST])
    entry = {"bytes": len(content), "sha256": bundle.sha256(content).hexdigest()}
    manifest["members"][name] = entry
    members[MANIFEST] = json.dumps(manifest).encode()
    return pack(members)


def test_it_is_whole_and_the_same_file_every_time(whole: bytes) -> None:
    assert outcome(whole) == "identical"
    assert pack(members_of(whole)) == whole
    case = bundle.read(whole).case
    assert case is not None
    assert bundle.write(case) == whole


@MODEST
@given(st.data())
def test_no_byte_can_change(whole: bytes, data) -> None:
    at = data.draw(st.integers(0, len(whole) - 1))
    flip = data.draw(st.integers(1, 255))
    changed = whole[:at] + bytes([whole[at] ^ flip]) + whole[at + 1 :]
    assert outcome(changed) in ("differs", "none")


@MODEST
@given(st.data())
def test_nor_can_it_be_cut_or_grow(whole: bytes, data) -> None:
    end = data.draw(st.integers(0, len(whole) - 1))
    assert outcome(whole[:end]) in ("differs", "none")
    assert outcome(whole + data.draw(st.binary(min_size=1, max_size=30))) in ("differs", "none")
    assert outcome(data.draw(st.binary(min_size=1, max_size=30)) + whole) in ("differs", "none")


@pytest.mark.parametrize("name", ["packets.jsonl", "raw.jsonl", "journal.jsonl", "limits.json"])
def test_a_changed_member_is_named(whole: bytes, name: str) -> None:
    members = members_of(whole)
    members[name] = members[name].replace(b"1", b"2", 1)
    verdict = verify(pack(members))
    assert verdict.problems == [f"{name}: its bytes have changed since it was written (SHA-256)"]
    del members[name]
    assert verify(pack(members)).problems == [f"{name}: is missing"]


def test_a_forged_packet_stands_in_no_frame(whole: bytes) -> None:
    case = bundle.read(whole).case
    lines = members_of(whole)["packets.jsonl"].splitlines(keepends=True)
    packet = json.loads(lines[2])
    packet["received_us"] += 1
    lines[2] = json.dumps(packet).encode() + b"\n"
    verdict = verify(forged(whole, "packets.jsonl", b"".join(lines)))
    assert any("1 packets stand in no frame" in words for words in verdict.problems)
    assert case is not None


def test_a_forged_alarm_is_not_reached(whole: bytes) -> None:
    alarm = json.loads(members_of(whole)["alarm.json"])
    alarm["severity"] = "watch"
    verdict = verify(forged(whole, "alarm.json", json.dumps(alarm).encode()))
    ((name, said, again),) = verdict.differences
    assert (name, said) == ("severity", "watch")
    assert again in ("warning", "critical")


def test_packets_whose_raw_bytes_were_dropped_are_told(whole: bytes) -> None:
    case = bundle.read(whole).case
    assert case is not None
    case.raw = []
    assert "stand in no frame" in verify(bundle.write(case)).problems[0]
    case.about["packets_without_raw"] = len(case.packets())
    verdict = verify(bundle.write(case))
    assert verdict.identical
    assert "no raw bytes any more" in verdict.notes[0]


def test_other_software_and_another_schema_are_told(whole: bytes) -> None:
    case = bundle.read(whole).case
    assert case is not None
    case.software = {"version": "9.9", "source": "0123"}
    case.schema = 0x1234
    verdict = verify(bundle.write(case))
    assert verdict.identical, "what counts is that the alarm is reached"
    notes = " ".join(verdict.notes)
    assert "made by other software: panewatch 9.9, source 0123; this is panewatch" in notes
    assert "schema 00001234" in notes


def zipped(*members: tuple[str, bytes], kind: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(out, "w", kind) as file:
        for name, content in members:
            file.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no evidence bundle"),
        (b"hello", "no evidence bundle"),
        (zipped(("a.json", b"{}")), "no manifest.json"),
        (zipped(("../../etc/x.json", b"{}")), "no bundle has"),
        (zipped(("/etc/passwd", b"{}")), "no bundle has"),
        (zipped(("a\\b.json", b"{}")), "no bundle has"),
        (zipped((MANIFEST, b"{}"), (MANIFEST, b"{}")), "two members of one name"),
        (zipped((MANIFEST, b"0" * 10**6), kind=zipfile.ZIP_DEFLATED), "compressed"),
        (zipped(*((f"{'a' * k}.json", b"") for k in range(80))), "80 members"),
        (zipped((MANIFEST, b"[]")), "must be an object"),
        (zipped((MANIFEST, b"{")), "no JSON"),
        (zipped((MANIFEST, b"[" * 100_000)), "no JSON"),
        (zipped((MANIFEST, b'{"format": "x"}')), "'x'"),
        (zipped((MANIFEST, b'{"format": "panewatch evidence", "version": 2}')), "version 2"),
        (zipped((MANIFEST, b'{"format": "panewatch evidence", "version": 1}')), "members"),
        (zipped((MANIFEST, b'{"a": ' + b"9" * 10_000 + b"}")), "no JSON"),
    ],
)  # fmt: skip
def test_what_is_no_bundle_is_refused_in_a_line(data, words, tmp_path: Path, capsys) -> None:
    with pytest.raises(NotABundleError, match=words):
        verify(data)
    (tmp_path / "x").write_bytes(data)
    assert main(["evidence", "verify", str(tmp_path / "x")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert [p.name for p in tmp_path.iterdir()] == ["x"], "nothing is ever unpacked"


def test_a_bomb_is_not_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = zipped((MANIFEST, bytes(50 * 2**20)), kind=zipfile.ZIP_DEFLATED)
    monkeypatch.setattr(zipfile.ZipFile, "read", lambda *_: pytest.fail("it was unpacked"))
    assert outcome(bomb) == "none"
    monkeypatch.setattr(container, "LARGEST", 1000)
    with pytest.raises(NotABundleError, match="1000 at most"):
        verify(bytes(1001))


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@MODEST
@given(st.data())
def test_absurd_values_under_right_digests_end_in_a_line(whole: bytes, data) -> None:
    """Any value anywhere replaced by any other: refused or different, never a crash."""
    members = members_of(whole)
    name = data.draw(st.sampled_from(sorted(set(members) - {MANIFEST})))
    lines = members[name].splitlines() if name.endswith("l") else [members[name]]
    at = data.draw(st.integers(0, len(lines) - 1))
    value = json.loads(lines[at])
    place = value
    while isinstance(place, dict | list) and place:
        keys = sorted(place) if isinstance(place, dict) else range(len(place))
        key = data.draw(st.sampled_from(list(keys)))
        if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.booleans()):
            break
        place = place[key]
    else:
        return
    place[key] = data.draw(JSONS)
    lines[at] = json.dumps(value).encode()
    ending = b"\n" if name.endswith("l") else b""
    assert outcome(forged(whole, name, b"".join(line + ending for line in lines))) in (
        "identical", "differs", "none",
    )  # fmt: skip


@pytest.mark.usefixtures(cheap_hashes.__name__)
def test_no_secret_is_in_it(tmp_path: Path) -> None:
    """What lies beside the archive, and what commands carry, is in no member."""
    place = Place(path=tmp_path / "access.sqlite")
    token = place.token(NAMES[Role.ADMIN], Role.ADMIN)
    hashes = [place.access.users.kept_hash(name) for name in NAMES.values()]
    key, nonce = "c0ffee" * 10 + "abcd", "5a" * 16
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys/sz20-w1.key").write_text(key)
    story = Story(tmp_path / "archive.sqlite")
    story.station.act("command", "ada", {
        "id": 1, "unit": list(SZ20), "command": "rotate_key", "arguments": {"nonce": nonce},
        "raw": {"nonce": nonce}, "hazard": "", "expires_us": story.station.now_us + 1,
    })  # fmt: skip
    story.seconds(3)
    story.hear(story.strike())
    story.seconds(1)
    data = story.bundle(story.alarm("impact:"))
    assert any(nonce in str(row.data) for row in story.station.archive.journal())
    story.close()
    for secret in (token, PASSWORD, nonce, key, *hashes, story.station.archive.session):
        assert secret is not None
        assert secret.encode() not in data
    case = bundle.read(data).case
    assert case is not None
    assert {item.row.kind for item in case.items if isinstance(item, Act)} <= {"start", "alarm"}


@pytest.mark.parametrize("name", ["a\nidentical: sha256 beef", "\x1b[2J", "\ud800", "x" * 10**6])
def test_no_member_speaks_in_our_name(whole: bytes, name: str, tmp_path: Path, capsys) -> None:
    members = members_of(whole)
    manifest = json.loads(members[MANIFEST])
    manifest["members"][name] = {"bytes": 1, "sha256": "00"}
    manifest["software"]["version"] = f"1\n{name}"[:100]
    file = tmp_path / "f.zip"
    file.write_bytes(pack(members | {MANIFEST: json.dumps(manifest).encode()}))
    assert main(["evidence", "verify", str(file)]) in (1, 2)
    said = "".join(capsys.readouterr())
    assert all(c.isprintable() for line in said.splitlines() for c in line)
    assert not [line for line in said.splitlines() if line.startswith("identical")]
    assert max(map(len, said.splitlines())) <= 1100
