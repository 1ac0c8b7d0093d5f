"""What retention has written down comes back, over versions too, or is refused in words."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ground.archive.archive import Archive
from ground.retention import changes
from ground.retention.changes import Change
from ground.retention.graph import frozen
from ground.retention.packing import Frozen, packed, unpacked
from ground.retention.record import Dropped, note
from ground.retention.rooms import GraphError, OtherClassesError
from ground.retention.state import capture, checked
from hil_tests.sim.fake_unit import FakeUnit
from hil_tests.sim.kept_state import FOLDER
from hil_tests.sim.test_retention import KeptBench, deliver_hit
from tools.cli.main import main

Made = dict[str, Any]
"""A state as JSON."""
STATES = sorted(FOLDER.glob("*.state"))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Of a station that has just met a unit and a strike."""
    bench = KeptBench(tmp_path_factory.mktemp("small"), [FakeUnit()])
    bench.seconds(2)
    deliver_hit(bench)
    bench.second()
    state = capture(bench.station)
    bench.kill()
    return made_of(state)


def test_nothing_of_the_memory_around_is_written_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def state_over(rubbish: float) -> bytes:
        def empty(shape: Any, dtype: Any = float) -> Any:
            return np.full(shape, rubbish, dtype)

        folder = tmp_path / str(rubbish)
        folder.mkdir()
        with monkeypatch.context() as patched:
            patched.setattr(np, "empty", empty)
            bench = KeptBench(folder, [FakeUnit()])
            bench.seconds(5)
            deliver_hit(bench)
            bench.second()
            state = capture(bench.station)
            bench.kill()
        return state

    assert state_over(3.0) == state_over(5.0)


def made_of(state: bytes) -> Made:
    """As one JSON, which is how the first version wrote all of it."""
    state_of = unpacked(state)
    made = state_of.made
    made.pop("arrays", None)
    for one in made["objects"]:
        if one[0] == "array" and isinstance(one[3], int):
            one[3] = base64.b64encode(state_of.arrays[one[3]]).decode()
    return made


def as_text(made: Made) -> bytes:
    return zlib.compress(json.dumps(made).encode(), 1)


def meaning(made: Made) -> str:
    """A digest of all that hangs on the root, however its objects are numbered."""
    known: dict[int, str] = {}

    def node(value: Any) -> Any:
        if isinstance(value, list) and value[:1] == ["is"]:
            if value[1] not in known:
                known[value[1]] = "a cycle"
                known[value[1]] = hashlib.sha256(json.dumps(thing(value[1])).encode()).hexdigest()
            return known[value[1]]
        return value

    def thing(at: int) -> Any:
        match made["objects"][at]:
            case ["object", name, attributes]:
                return [name, {k: node(attributes[k]) for k in sorted(attributes)}]
            case ["dict", items]:
                return ["dict", [[node(k), node(v)] for k, v in items]]
            case ["set" | "frozenset" as name, items]:
                return [name, sorted(json.dumps(node(v)) for v in items)]
            case ["array", *rest]:
                return rest
            case [name, *rest, list(items)]:
                return [name, *rest, [node(v) for v in items]]
        raise AssertionError(at)

    return json.dumps(node(made["root"]))


def again(state: bytes) -> Made:
    """The state that what was read from a state gives."""
    return made_of(packed(frozen(checked(state, {"moved": print}), {"moved": print})))


def deep(depth: int) -> Any:
    node: Any = []
    for _ in range(depth):
        node = [node]
    return node


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8),
    st.sampled_from([10**400, float("nan"), float("inf"), -1, 0, 2**63, {}, [], deep(300)]),
    st.builds(lambda at: ["is", at], st.integers(-3, 400)),
    st.sampled_from([
        ["enum", "os:system", "true"], ["enum", "ground.alarms.state:State", 5], ["bytes", "0"],
        ["outside", "moved"], ["outside", "x"], ["scalar", "O", 1], ["scalar", "<i2", 2.5],
        ["array", "<f8", [-1], ""], ["deque", 1, [1, 2]], ["set", [1, 1]], ["tuple", [1]],
    ]),
).map(lambda value: json.loads(json.dumps(value)))  # fmt: skip


def mutate(made: Made, data: st.DataObject) -> None:
    """One thing somewhere becomes another, goes, or is added."""
    node: Any = made
    while True:
        keys = sorted(node) if isinstance(node, dict) else list(range(len(node)))
        key = keys[data.draw(st.integers(0, len(keys) - 1))]
        inner = node[key]
        if not isinstance(inner, dict | list) or not inner or data.draw(st.integers(0, 4)) == 0:
            break
        node = inner
    what = data.draw(st.sampled_from(["replace", "replace", "remove", "add"]))
    if what == "remove":
        del node[key]
    elif what == "replace":
        node[key] = data.draw(VALUES)
    elif isinstance(node, dict):
        node[data.draw(st.text(max_size=5))] = data.draw(VALUES)
    else:
        node.insert(key, data.draw(VALUES))


@settings(
    max_examples=100, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(data=st.data())
def test_a_state_comes_back_as_it_is_or_is_refused_by_name(small: Made, data: Any) -> None:
    made = json.loads(json.dumps(small))
    for _ in range(data.draw(st.integers(1, 3))):
        mutate(made, data)
    try:
        back = again(as_text(made))
    except GraphError as error:
        assert "\n" not in str(error)
    else:
        assert meaning(back) == meaning(made)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 2000))
def test_bytes_that_are_no_state_are_refused_by_name(noise: bytes, at: int) -> None:
    state = STATES[-1].read_bytes()
    for bad in (noise, zlib.compress(noise), state[:at], state[:at] + noise + state[at + 9 :]):
        if bad != state:
            with pytest.raises(GraphError):
                checked(bad)
    with pytest.raises(GraphError):
        checked(zlib.compress(b"[" * 100_000))


def bent(made: Made, arrays: list[bytes]) -> list[Frozen]:
    """What is wrong with the arrays beside the JSON of a state."""
    other = json.loads(json.dumps(made))
    next(o for o in other["objects"] if o[0] == "array")[3] = len(arrays)
    below = json.loads(json.dumps(made))
    next(o for o in below["objects"] if o[0] == "array")[3] = -1
    return [
        Frozen(made, arrays[:-1]), Frozen(made, [arrays[0][:-8], *arrays[1:]]),
        Frozen(other, arrays), Frozen(below, arrays), Frozen({**made, "objects": []}, arrays),
    ]  # fmt: skip


def test_arrays_that_are_not_what_the_state_says_are_refused() -> None:
    whole = frozen(checked(STATES[-1].read_bytes(), {"moved": print}), {"moved": print})
    assert meaning(made_of(packed(whole))) == meaning(made_of(STATES[-1].read_bytes()))
    for bad in bent(whole.made, whole.arrays):
        with pytest.raises(GraphError):
            checked(packed(bad))
    octets = zlib.decompress(packed(whole))
    for cut in (
        octets[:6],
        octets[:-1],
        octets + b"1",
        octets.replace(b'"arrays":[', b'"arrays":[-'),
    ):
        with pytest.raises(GraphError):
            checked(zlib.compress(cut))


def of_class(made: Made, name: str) -> Any:
    """The attributes of the first object of a class."""
    return next(o[2] for o in made["objects"] if o[0] == "object" and o[1].endswith(f":{name}"))


def known(name: str, value: Any) -> Callable[[Made], object]:
    def change(made: Made) -> None:
        items = made["objects"][made["root"][1]][1]
        next(item for item in items if item[0] == name)[1] = value

    return change


def held(name: str, attribute: str, value: Any) -> Callable[[Made], object]:
    return lambda made: of_class(made, name).update({attribute: value})


BAD: dict[str, tuple[Callable[[Made], object], str]] = {
    "desk a number": (known("desk", 5), "desk is '5', no Desk"),
    "streams None": (known("streams", None), "streams is 'None', no dict"),
    "now without end": (known("now_us", float("inf")), "now_us is 'inf', no int"),
    "now before 1970": (known("now_us", -1), "now_us is -1, no time"),
    "now after the calendar": (known("now_us", 10**18), "now_us is 10+, no time"),
    "speed zero": (known("speed", 0), "speed is 0, must lie from 1e-06 to"),
    "speed nan": (known("speed", float("nan")), "speed is nan, must lie"),
    "nothing in it": (lambda m: m["objects"].__setitem__(m["root"][1], ["dict", []]), "hold asses"),
    "another root": (lambda m: m.update(root=7), "it must hold assessor"),
    "no shapes": (lambda m: m.update(shapes={}), "has not the attributes that the state says"),
    "alarms in a number": (held("AlarmBook", "_open", 5), "AlarmBook._open is '5', no"),
    "packets in words": (held("UnitStream", "packets", "many"), "packets is 'many', no int"),
    "alarm in 12026": (held("Alarm", "raised_us", 317 * 10**15), "Alarm.raised_us is 317"),
    "one attribute less": (lambda m: of_class(m, "UnitStream").pop("silent"), "UnitStream has not"),
    "one attribute more": (held("UnitStream", "more", 1), "UnitStream has not the attributes"),
    "version in words": (lambda m: m.update(version="x"), "'>' not supported"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_state_is_one_line_that_says_what_to_do(
    name: str, small: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`report` reads it as `ground` does; test_bad_input.py runs the latter as a process."""
    change, words = BAD[name]
    made = json.loads(json.dumps(small))
    change(made)
    path = tmp_path / "a.sqlite"
    with_state(path, as_text(made))
    before = path.read_bytes()
    assert main(["report", str(path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    pattern = words.replace("10+", "1000000000000000000")
    assert pattern in line and "restore a backup" in line and "`panewatch export" in line
    assert path.read_bytes() == before


def with_state(path: Path, state: bytes, other: Made | None = None) -> None:
    archive = Archive(path)
    note(archive, Dropped(0, 1, state))
    archive.commit()
    if other:
        text = archive.meta("retention")
        archive.set_meta("retention", json.dumps(json.loads(text or "") | other))
        archive.commit()
    archive.close()


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"seq": 10**6}, "not as it was written"),
        ({"until_us": "x"}, "its place is no number"),
        ({"seq": float("nan")}, "its place is no number"),
        ({"state": "%"}, "Only base64"),
        ({"state": None}, "argument should be"),
        ({"state": base64.b64encode(b"other").decode()}, "not as it was written"),
    ],
)
def test_an_edited_record_is_refused(
    other: Made, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.sqlite"
    with_state(path, STATES[-1].read_bytes())
    assert main(["report", str(path), "--json"]) == 0
    capsys.readouterr()
    with_state(path, STATES[-1].read_bytes(), other)
    assert main(["report", str(path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert words in line and "restore a backup" in line
    # As the words say, its packets can still be read.
    table = tmp_path / "p.csv"
    assert main(["export", str(path), "--what", "packets", "--out", str(table)]) == 0
    assert table.exists()


@pytest.mark.parametrize("path", STATES, ids=lambda p: p.stem)
def test_states_of_every_version_are_taken_over(path: Path) -> None:
    """When this fails a class has changed: say in ground/retention/changes.py what became of it."""
    was = checked(path.read_bytes())
    assert len(was["streams"]) == 2 and was["desk"].requests[1].author == "Ada"
    assert len(was["assessor"].alarms) == 14 and len(was["assessor"].impacts) == 1
    assert was["assessor"].limits.by_parameter["p_gap2"]
    state = path.read_bytes()
    if int(path.stem) == len(changes.CHANGES):
        assert meaning(again(state)) == meaning(made_of(state))


def older() -> Made:
    """A state as a version would have written it whose alarm book had other names, and less."""
    made = made_of(STATES[-1].read_bytes())
    text = json.dumps(made).replace("ground.alarms.book:AlarmBook", "ground.alarms.ledger:Ledger")
    made = json.loads(text)
    ledger = of_class(made, "Ledger")
    ledger["entries"] = ledger.pop("_entries")
    ledger["colour"] = "red"
    del ledger["_shelved"]
    made["shapes"]["ground.alarms.ledger:Ledger"] = sorted(ledger)
    return made


STEPS = (
    Change(renamed={"ground.alarms.ledger:Ledger": "ground.alarms.register:Register"}),
    Change(
        renamed={"ground.alarms.register:Register": "ground.alarms.book:AlarmBook"},
        attributes={"ground.alarms.book:AlarmBook": {"entries": "_entries", "colour": None}},
        begins={"ground.alarms.book:AlarmBook": {"_shelved": dict}},
    ),
)


def test_a_state_of_older_classes_is_brought_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OtherClassesError, match=r"ground\.alarms\.ledger:Ledger is not known"):
        checked(as_text(older()))
    monkeypatch.setattr(changes, "CHANGES", STEPS)
    was = made_of(STATES[-1].read_bytes())
    assert of_class(was, "AlarmBook")["_shelved"]  # what is lost in the next line is something
    here = checked(as_text(older()))["assessor"]
    there = checked(as_text(was | {"version": 2}))["assessor"]
    assert here.alarms == there.alarms
    assert type(here._alerts.book).__name__ == "AlarmBook"
    assert here._alerts.book._shelved == {}
    assert not hasattr(here._alerts.book, "colour")


def test_a_new_attribute_begins_as_its_class_begins_it() -> None:
    made = made_of(STATES[-1].read_bytes())
    for name, attribute in (("Correlation", "_steps_us"), ("UnitStream", "packets")):
        full = next(n for n in made["shapes"] if n.endswith(f":{name}"))
        made["shapes"][full].remove(attribute)
        for one in made["objects"]:
            if one[:2] == ["object", full]:
                del one[2][attribute]
    for stream in checked(as_text(made))["streams"].values():
        assert stream.packets == 0  # it had some
        for boot in dict(stream.boots.items()).values():
            assert boot.correlation is None or not boot.correlation._steps_us


def test_a_class_that_lost_or_gained_what_nobody_can_tell_is_named() -> None:
    made = made_of(STATES[-1].read_bytes())
    shapes = made["shapes"]["ground.monitor.leak:LeakMonitor"]
    shapes.remove("_heat")
    shapes.append("_cold")
    with pytest.raises(OtherClassesError, match=r"LeakMonitor there holds _cold and here holds _h"):
        checked(as_text(made))
    with pytest.raises(OtherClassesError, match="later version"):
        checked(as_text(made | {"version": len(changes.CHANGES) + 1}))
