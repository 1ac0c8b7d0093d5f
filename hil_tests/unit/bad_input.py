"""Bad inputs, as a table: what is wrong, the command, and the words that say so."""

import json
import os
import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from ground.access.access import Access
from ground.access.store import AccessStore
from ground.archive.archive import Archive
from ground.model import Chunk, Packet, UnitKey
from ground.retention.record import Dropped, note
from hil_tests.sim.fake_unit import FakeUnit
from protocol.schema.decode import decode
from tools.scenario.find import find

GOOD = find("impact").read_text()


class Row(NamedTuple):
    """One bad input."""

    name: str
    args: list[str]
    words: str
    prepare: Callable[[Path], object] = lambda _: None


def scenario(old: str = "", new: str = "") -> Callable[[Path], object]:
    """A scenario file my.toml with one thing changed."""
    assert old in GOOD
    return lambda folder: (folder / "my.toml").write_text(GOOD.replace(old, new, 1))


HEAD, _, STORY = GOOD.partition("[[event]]")
VEHICLES = HEAD[: HEAD.index("[[vehicle.window]]")]


def event(**values: object) -> Callable[[Path], object]:
    """The scenario with one event only."""
    table = {"t_s": 1, "vehicle": "sz20", "window": "w1"} | values
    words = "".join(f"{k} = {json.dumps(v)}\n" for k, v in table.items())
    return lambda folder: (folder / "my.toml").write_text(f"{HEAD}[[event]]\n{words}")


def windows(names: Iterable[str], more: str = "") -> Callable[[Path], object]:
    """The scenario without events, with these windows."""
    tables = "".join(f'[[vehicle.window]]\nid = "{name}"\n' for name in names)
    return lambda folder: (folder / "my.toml").write_text(f"{VEHICLES}{tables}{more}")


def file(name: str, content: bytes = b"something else") -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_bytes(content)


def key(content: bytes, mode: int = 0o600) -> Callable[[Path], object]:
    def make(folder: Path) -> None:
        path = folder / "keys" / "sz20-w1.key"
        path.parent.mkdir()
        path.write_bytes(content)
        path.chmod(mode)

    return make


def users(*statements: str, size: int | None = None) -> Callable[[Path], object]:
    """A file of users with an admin, changed, and cut to a size."""

    def make(folder: Path) -> None:
        path = folder / "users.sqlite"
        store = AccessStore(path)
        Access(store, "token", "tester").first_start()
        store.close()
        with sqlite3.connect(path) as db:
            for statement in statements:
                db.execute(statement)
        db.close()
        if size is not None:
            os.truncate(path, size)

    return make


def edited_retention(folder: Path) -> None:
    """An archive whose beginning was dropped, and what was known there edited."""
    made = Archive(folder / "pruned.sqlite")
    note(made, Dropped(0, 1, b"x"))
    made.commit()
    made.close()


def other_database(folder: Path) -> None:
    with sqlite3.connect(folder / "other.db") as db:
        db.execute("CREATE TABLE notes (words TEXT)")
    db.close()


def archive(folder: Path) -> Path:
    path = folder / "cut.sqlite"
    made = Archive(path)
    for i in range(200):
        made.add_raw(Chunk("serial", i, bytes(100), framed=True))
    made.commit()
    made.close()
    return path


def cut_archive(folder: Path) -> None:
    path = archive(folder)
    path.write_bytes(path.read_bytes()[:9000])


def later_archive(folder: Path) -> None:
    with sqlite3.connect(archive(folder)) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()


def wrong_archive(*statements: str) -> Callable[[Path], object]:
    """An archive whose rows SQLite takes although they are wrong."""

    def make(folder: Path) -> None:
        path = folder / "wrong.sqlite"
        made = Archive(path)
        made.set_meta("fleet", json.dumps({"vehicle": []}))
        made.add_journal(1, "ground", "start", {})
        unit, key = FakeUnit(), UnitKey("sz20", "w1")
        for k, data in enumerate([unit.boot(), unit.housekeeping(100_000)], start=2):
            made.add_packet(Packet(key, decode(data), "line", k, k, False), k)
        made.commit()
        made.close()
        with sqlite3.connect(path) as db:
            for statement in statements:
                assert db.execute(statement).rowcount > 0
        db.close()

    return make


SIM = ["sim", "my.toml"]
FIRMWARE = ["firmware", "--link"]
UNIT = ["firmware", "--link", "mqtt://127.0.0.1"]
GROUND = ["ground", "--link", "socket://127.0.0.1:1"]
ARCHIVE = [*GROUND, "--archive"]

ROWS = [
    Row("no command", [], "required: COMMAND"),
    Row("unknown command", ["smi", "quiet"], "invalid choice: 'smi'"),
    Row("unknown option", ["sim", "quiet", "--jsn"], "unrecognized arguments: --jsn"),
    Row("missing argument", ["report"], "required: ARCHIVE|FILE"),
    Row("unknown format", ["dictionary", "--format", "yaml"], "markdown"),
    Row("unknown runtime", ["sim", "quiet", "--runtime", "pypy"], "cpython"),
    Row("unknown scenario", ["sim", "shenzho20"], 'did you mean "shenzhou20"'),
    Row("missing scenario file", ["sim", "no/such.toml"], "no/such.toml: no such file"),
    Row("folder for a scenario", ["sim", "./"], "is a folder"),
    Row("malformed TOML", SIM, "line 2", scenario('name = "impact"', "name = = 1")),
    Row("binary scenario", SIM, "no UTF-8 text", file("my.toml", b"\xff\xfe\x00")),
    Row("scenario nested without end", SIM, "nested too deeply",
        file("my.toml", b"a = " + b"[" * 50_000)),
    Row("integer without end", SIM, "more than TOML's 64 bits",
        scenario("seed = ", f"wide = 0x{'f' * 9000}\nseed = ")),
    Row("integer of too many digits", SIM, "no valid TOML",
        scenario("seed = ", f"wide = {'9' * 9000}\nseed = ")),
    Row("time out of the calendar", SIM, "must lie in 2020 to 2099, not 1",
        scenario('epoch = "2026-01-05T00:00:00Z"', 'epoch = "0001-01-01T00:00:00+14:00"')),
    Row("loss without end", SIM, "event 1 (link_loss): for_s: must be at most 3.16224e+07, not 1e+",
        event(kind="link_loss", for_s=1e308)),
    Row("load without end", SIM, "event 1 (thermal): over_s: must be at most",
        event(kind="thermal", pane="outer", delta_k=5.0, over_s=1e308)),
    Row("windows without number", SIM, "at most 64 of each, not 1 and 3000",
        windows(f"w{i}" for i in range(3000))),
    Row("two units of one key", SIM, "sz20/w1-a and sz20-w1/a would share sz20-w1-a.key; rename",
        windows(["w1-a"], '[[vehicle]]\nid = "sz20-w1"\nrole = "return"\n'
                '[[vehicle.window]]\nid = "a"\n')),
    Row("unknown key", SIM, 'event 1 (impact): unknown key "diametre_mm"; did you mean "diameter_m',
        scenario("diameter_mm", "diametre_mm")),
    Row("unknown top key", SIM, 'unknown key "sed"; did you mean "seed"', scenario("seed", "sed")),
    Row("missing key", SIM, 'event 1 (impact): missing key "pane"', scenario('pane = "outer"\n')),
    Row("unknown kind", SIM, 'unknown kind "impakt"; did you mean "impact"',
        scenario('"impact"\npane', '"impakt"\npane')),
    Row("wrong type", SIM, "x_mm: must be a number", scenario("x_mm = 5.0", 'x_mm = "5"')),
    Row("negative duration", SIM, "duration_s: must be greater than 0", scenario("= 120", "= -9")),
    Row("event after the end", SIM, "event 2 (impact)", scenario("= 120", "= 40")),
    Row("impact outside the pane", SIM, "is 500.1 mm from the centre, outside the pane of radius 1",
        scenario("x_mm = 5.0", "x_mm = 500.0")),
    Row("unknown vehicle", SIM, 'unknown vehicle "sz2O"; did you mean "sz20"',
        scenario('vehicle = "sz20"', 'vehicle = "sz2O"')),
    Row("results in the way", [*SIM, "--out", "."], "holds report.json already",
        lambda f: (scenario()(f), file("report.json")(f))),
    Row("file in the folder's place", [*SIM, "--out", "taken/x"], "--out taken/x: cannot be made",
        lambda f: (scenario()(f), file("taken")(f))),
    Row("device that does not exist", [*FIRMWARE, "/dev/ttyNONE"], "cannot open /dev/ttyNONE"),
    Row("incomplete address", [*FIRMWARE, "socket://here"], "write socket://host:port"),
    Row("address that is nothing", [*FIRMWARE, "foo"], "foo: neither an address nor a device"),
    Row("unknown protocol", [*FIRMWARE, "carrier://pigeon"], "carrier"),
    Row("no serial line", [*FIRMWARE, "/dev/null"],
        "cannot open /dev/null (Inappropriate ioctl for device)"),
    Row("address without its kind", [*FIRMWARE, "127.0.0.1:1883"], "write mqtt://127.0.0.1:1883"),
    Row("unknown unit", [*UNIT, "--unit", "sz20/w7"], 'unit "sz20/w7"'),
    Row("unit without a window", [*UNIT, "--unit", "sz20"], "vehicle/window"),
    Row("missing key file", [*UNIT, "--key", "no.key"], "no.key"),
    Row("short key", [*UNIT, "--key", "my.key"], "32 bytes", file("my.key")),
    Row("speed zero", [*UNIT, "--speed", "0"], "no speed from 0.001"),
    Row("store in a file's place", [*UNIT, "--store", "taken"], "taken",
        file("taken")),
    Row("home in a file's place", [*UNIT], "cannot make keys",
        file(".panewatch")),
    Row("run without a home", ["run", "--for", "1"], "cannot make", file(".panewatch")),
    Row("run with half a second too many", ["run", "--for", "-1"], "no number of seconds"),
    Row("port beyond the last", ["run", "--port", "70000"], "no port from 0 to 65535"),
    Row("broker of another kind", ["run", "--broker", "http://x"], "write mqtt://"),
    Row("broker without its kind", ["run", "--broker", "127.0.0.1:1883"],
        "write mqtt://127.0.0.1:1883"),
    Row("link of no kind we know", ["ground", "--link", "foo://x"], "foo://x: no such kind"),
    Row("link that is nothing", ["ground", "--link", "foo"], "foo: neither an address nor a dev"),
    Row("link of a slip", ["ground", "--link", "mqt:host"], "mqt:host: neither an address nor"),
    Row("link without its kind", ["ground", "--link", "127.0.0.1:1883"],
        "write mqtt://127.0.0.1:1883"),
    Row("incomplete link", ["ground", "--link", "rfc2217://x"], "write rfc2217://host:port"),
    Row("keys nowhere", [*GROUND, "--keys", "nowhere"], "--keys nowhere: no such folder"),
    Row("short key of a unit", [*GROUND, "--keys", "keys"], "must hold 32 bytes", key(bytes(31))),
    Row("key for everybody", [*GROUND, "--keys", "keys"], "make its mode 0600",
        key(bytes(32), 0o644)),
    Row("key of a rotation cut", [*GROUND, "--keys", "keys"], "must hold 48 bytes",
        lambda f: (key(bytes(32))(f), (f / "keys" / "sz20-w1.key.next").write_bytes(b"n" * 20))),
    Row("users emptied", [*GROUND, "--access", "users.sqlite"], "is no file of users",
        users(size=0)),
    Row("users cut", [*GROUND, "--access", "users.sqlite"], "restore a backup, or move it away",
        users(size=9000)),
    Row("retention edited", [*ARCHIVE, "pruned.sqlite"], "its beginning is damaged (it is cut",
        edited_retention),
    Row("broker without a host", ["ground", "--link", "mqtt://"], "mqtt://[user@]host"),
    Row("password file that is not there",
        ["ground", "--link", "mqtt://u@h", "--password-file", "nowhere"],
        "password file nowhere: No such file"),
    Row("password file for everybody",
        ["firmware", "--link", "mqtt://u@h", "--password-file", "x"],
        "make its mode 0600", lambda f: (file("x")(f), (f / "x").chmod(0o644))),
    Row("passwords of a run nowhere",
        ["run", "--broker", "mqtt://h", "--broker-clients", "nowhere"],
        "--broker-clients: password file nowhere/"),
    Row("broker of nobody", ["broker", "config"], "for which units?"),
    Row("foreign archive", [*ARCHIVE, "other"], "is no Panewatch archive", file("other")),
    Row("other database", [*ARCHIVE, "other.db"], "no Panewatch archive", other_database),
    Row("truncated archive", [*ARCHIVE, "cut.sqlite"], "the archive is damaged", cut_archive),
    Row("later archive", [*ARCHIVE, "cut.sqlite"], "archive format 99", later_archive),
    Row("archive nowhere", [*ARCHIVE, "taken/a"], "cannot be made", file("taken")),
    Row("unwritable folder", [*ARCHIVE, "/proc/a"], "/proc/a"),
    Row("unknown fleet", [*GROUND, "--fleet", "nobody"], 'unknown scenario "nobody"'),
    Row("no recording", ["report", "none.bin"], "none.bin: cannot be read"),
    Row("folder of a recording", ["report", "results"], "is a folder; name the archive or the",
        lambda f: (f / "results").mkdir()),
    Row("archive that is not there", ["fsck", "none"], "No such file or directory); name another"),
    Row("folder to check", ["fsck", "."], ".: is a folder; name the archive in it"),
    Row("backup onto a folder", ["backup", "cut.sqlite", "--out", ".", "--replace"],
        ".: is a folder; name a file", cut_archive),
    Row("users in a folder", ["user", "list", "--access", "."], ".: is a folder; name the file"),
    Row("command without its name", ["command", "send", "sz20/w1"], "required: NAME (see"),
    Row("foreign recording", ["report", "x"], "holds no telemetry", file("x")),
    Row("report of a cut archive", ["report", "cut.sqlite"], "the archive is damaged", cut_archive),
    Row("report of a later archive", ["report", "cut.sqlite"], "archive format 99", later_archive),
    Row("replay of nothing", ["replay", "none.bin"], "none.bin: cannot be read"),
    Row("replay of noise", ["replay", "x"], "holds no telemetry", file("x")),
    Row("replay of a cut archive", ["replay", "cut.sqlite"], "the archive is damaged", cut_archive),
]  # fmt: skip

WRONG = {
    "journal without JSON": "UPDATE journal SET data = '{'",
    "journal of no known kind": "UPDATE journal SET kind = 'frob'",
    "journal of a text for a table": "UPDATE journal SET kind = 'acknowledge', data = '\"x\"'",
    "alarm that is no number": "UPDATE journal SET kind = 'acknowledge', data = '{\"alarm\": []}'",
    "fleet that is a list": "UPDATE meta SET value = '[]' WHERE key = 'fleet'",
    "speed that is a word": "INSERT INTO meta VALUES ('speed', 'x')",
    "dictionary without JSON": "UPDATE dictionary SET json = 'x'",
    "dictionary of nothing": "UPDATE dictionary SET json = '{}'",
    "packets of no unit": "DELETE FROM unit",
}
ROWS += [
    Row(f"{args[0]}: {name}", [*args, "wrong.sqlite"], "the archive's rows contradict each other",
        wrong_archive(statement))
    for name, statement in WRONG.items() for args in (["report"], ARCHIVE)
]  # fmt: skip
