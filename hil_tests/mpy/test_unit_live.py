"""A live unit on each runtime, over a pty: boots, answers, gives records again, ends cleanly."""

import json
import os
import signal
import subprocess
import sys
import tty
from pathlib import Path
from struct import unpack

import pytest

from firmware.boards import launched
from firmware.services.boot import POWER_ON
from firmware.settings import STORE_BYTES
from firmware.store.files import FolderFiles
from firmware.store.recorder import Recorder
from firmware.store.segment import HOUSEKEEPING
from hil_tests.mpy.test_golden_run import TABLE
from hil_tests.support.peer import WITHIN_S, Peer
from protocol.wire import tables, tc, tm
from tools.sim.runtime import HEAP_BYTES, compiled

ROOT = Path(__file__).parents[2]
KEY = bytes(range(32))
HEAP = f"heapsize={HEAP_BYTES}"
FULL_OF = tables.TM_HOUSEKEEPING
LONG_S = 60
FAST_MILLI = 20_000  # a minute in 3 s


class LiveUnit:
    """A unit process on a pty; `command` runs Python, stdin is its life line."""

    def __init__(self, folder, command, **settings):
        self.master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self.master, False)
        self.port = os.ttyname(self._slave)
        (folder / "key").write_bytes(KEY)
        (folder / "table.json").write_text(json.dumps(TABLE))
        config = {
            "version": 1, "vehicle": "sz20", "unit": "w1", "apid": 1, "link": f"fd:{self.master}",
            "key": str(folder / "key"), "store": str(folder / "store"),
            "table": str(folder / "table.json"), "until_eof": True, **settings,
        }  # fmt: skip
        (folder / "unit.json").write_text(json.dumps(config))
        self._folder = folder
        self._command = [*command, "-m", "firmware", str(folder / "unit.json")]
        self.start()

    def start(self, reset_cause=POWER_ON):
        """Start it, and tell it why, as a launcher does."""
        paths = {"PYTHONPATH": str(ROOT)}
        if self._command[0] != sys.executable:  # as on a board: compiled
            paths["MICROPYPATH"] = f"{compiled()}:.frozen"
        self.process = subprocess.Popen(
            self._command,
            cwd=self._folder,  # in the clone MicroPython would take the sources
            env=os.environ | paths | {launched.VARIABLE: str(reset_cause)},
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=[self.master],
        )

    def end(self):
        """Close its life line; returns (exit code, what it said)."""
        self.process.stdin.close()
        code = self.process.wait(WITHIN_S)
        return code, self.process.stderr.read().decode()

    def gone(self):
        """Wait until it has ended by itself; returns (exit code, what it said)."""
        code = self.process.wait(LONG_S)
        said = self.process.stderr.read().decode()
        self._close_streams()
        return code, said

    def _close_streams(self):
        for stream in (self.process.stdin, self.process.stderr):
            stream.close()

    def close(self):
        self.process.kill()
        self.process.wait()
        self._close_streams()
        os.close(self.master)
        os.close(self._slave)


@pytest.fixture(params=["cpython", pytest.param("micropython", marks=pytest.mark.micropython)])
def start(request, tmp_path):
    """`start(**settings)` starts a unit on each runtime; the store stays between starts."""
    if request.param == "cpython":
        command = [sys.executable]
    else:
        command = [str(request.getfixturevalue("micropython")), "-X", HEAP]
    open_things = []

    def make(**settings):
        unit = LiveUnit(tmp_path, command, **settings)
        ground = Peer(unit.port, KEY)
        open_things.extend((ground, unit))
        return unit, ground

    yield make
    for thing in open_things:
        thing.close()


def test_retrieval_and_acknowledgement(start):
    unit, ground = start(speed_milli=FAST_MILLI)
    boot = ground.wait_for("boot")
    assert boot.raw["unit"].rstrip(b"\0") == b"w1"
    ground.wait_for("hit")
    first = {p.record: p.data for p in ground.packets[:10]}
    ground.write(b"\xff" * 300 + b"\0")
    ground.command(tables.TC_RETRIEVE, (boot.boot_id, 0, 9))
    ground.wait_for("completed")
    again = {p.record: p.data for p in ground.packets[10:] if p.record < 10}
    assert again == first
    ground.command(tables.TC_COMMIT, (boot.boot_id, 10, bytes(32)))
    ground.wait_for("storage", lambda p: p.raw["boot0_oldest"] == 10)
    ground.command(tables.TC_COMMIT, (boot.boot_id, 20, bytes(32)), key=bytes(32))
    assert ground.wait_for("refused").raw["failure"] == tc.FAIL_FORGED
    assert unit.end() == (0, "")


def test_the_next_boot_has_the_records_of_the_one_before(start):
    unit, ground = start()
    ground.wait_for("storage")
    ground.wait_for("housekeeping")
    made = {(p.boot_id, p.record): p.data for p in ground.packets}
    assert unit.end() == (0, "")
    unit, ground = start()
    storage = ground.wait_for("storage").raw
    assert (storage["boot0_id"], storage["boot1_id"]) == (1, 2)
    assert storage["boot0_newest"] >= max(record for _, record in made)
    ground.command(tables.TC_RETRIEVE, (1, 0, storage["boot0_newest"]))
    ground.wait_for("completed")
    again = {(1, p.record): p.data for p in ground.packets if p.boot_id == 1}
    assert made.items() <= again.items()


def test_what_was_flushed_survives_a_kill(start):
    unit, ground = start(speed_milli=FAST_MILLI)
    hit = ground.wait_for("hit")
    unit.process.send_signal(signal.SIGKILL)
    unit.process.wait()
    _, ground = start()
    storage = ground.wait_for("storage").raw
    assert storage["boot0_newest"] >= hit.record, "an event is flushed before it is sent"
    ground.command(tables.TC_RETRIEVE, (1, 0, hit.record))
    ground.wait_for("completed")
    records = [p.record for p in ground.packets if p.boot_id == 1]
    assert records == list(range(hit.record + 1))
    assert "lost" not in [p.name for p in ground.packets]


def test_a_full_store_fits_the_heap(start, tmp_path):
    recorder = Recorder(FolderFiles(str(tmp_path / "store")), STORE_BYTES)
    buffer = bytearray(512)
    body = (0,) * len(unpack(tables.TM_FORMAT[FULL_OF], bytes(tables.TM_BODY_SIZE[FULL_OF])))
    record = 0
    while recorder.used_bytes < STORE_BYTES - 200:
        size = tm.pack(buffer, FULL_OF, 1, 0, 0, 0, 0, recorder.boot, record, body)
        recorder.append(bytes(buffer[:size]), HOUSEKEEPING, 0)
        record += 1
    recorder.flush()
    _, ground = start(speed_milli=FAST_MILLI)
    lost = ground.wait_for("lost").raw
    assert (lost["lost_boot"], lost["lost_first"]) == (1, 0)
    boot = ground.wait_for("boot", lambda p: p.record > 0)
    ground.command(tables.TC_COMMIT, (1, record, bytes(32)))
    storage = ground.wait_for("storage", lambda p: p.raw["kept_boots"] == 1).raw
    assert storage["boot0_id"] == boot.boot_id == 2


def test_a_reboot_in_the_scenario_is_a_new_boot_of_the_same_world(start):
    _, ground = start(speed_milli=10 * FAST_MILLI)
    boot = ground.wait_for("boot", lambda p: p.boot_id == 2)
    assert (boot.record, boot.raw["reset_reason"]) == (0, 2)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_it_cleanly_on_cpython(tmp_path, number):
    unit = LiveUnit(tmp_path, [sys.executable])
    ground = Peer(unit.port, KEY)
    newest = ground.wait_for("housekeeping", lambda p: p.record > 3).record
    unit.process.send_signal(number)
    assert unit.process.wait(WITHIN_S) == 0
    assert unit.process.stderr.read() == b""
    stored = b"".join(path.read_bytes() for path in (tmp_path / "store").glob("*.seg"))
    assert all(p.data in stored for p in ground.packets if p.record <= newest)
    ground.close()
    unit.close()
