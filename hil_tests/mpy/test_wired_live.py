"""A unit with a real window live on MicroPython, in a small heap, over a pty."""

import json
import os
import subprocess
import tty

import pytest

from hil_tests.mpy.test_wired_unit import EDGES, FAKES, ROOT, wiring
from hil_tests.support.peer import WITHIN_S, Peer

KEY = bytes(range(32))
HEAP = "heapsize=288k"  # of 64-bit words
COUNT = 30_000  # of wired_live.py


@pytest.mark.micropython
def test_a_wired_unit_lives(micropython, tmp_path):
    master, slave = os.openpty()
    tty.setraw(slave)
    os.set_blocking(master, False)
    (tmp_path / "key").write_bytes(KEY)
    (tmp_path / "window.json").write_text(json.dumps(wiring(EDGES["rp2"])))
    config = {
        "version": 1, "vehicle": "sz20", "unit": "w1", "apid": 1, "link": f"fd:{master}",
        "key": str(tmp_path / "key"), "store": str(tmp_path / "store"),
        "window": str(tmp_path / "window.json"), "until_eof": True,
    }  # fmt: skip
    (tmp_path / "unit.json").write_text(json.dumps(config))
    unit = subprocess.Popen(
        [micropython, "-X", HEAP, "-m", "hil_tests.support.wired_live", tmp_path / "unit.json"],
        cwd=ROOT,
        env=os.environ | {"MICROPYPATH": f"{FAKES}:{ROOT}:.frozen"},
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=[master],
    )
    ground = Peer(os.ttyname(slave), KEY)
    try:
        boot = ground.wait_for("boot").raw
        assert (boot["capability"], boot["sample_rate_hz"]) == (1, 62_500_000)
        hit = ground.wait_for("hit").raw
        assert hit["channels"] == 63
        assert [hit[f"ae{k}_arrival"] for k in range(1, 7)] == [hit["ae1_arrival"]] * 6
        found = ground.wait_for("housekeeping", lambda p: p.raw["impacts"]).raw
        assert found["p_cabin"] == round((COUNT - 6554) * 2_000_000 / 52428)
        unit.stdin.close()
        assert unit.wait(WITHIN_S) == 0
        assert unit.stderr.read() == b""
    finally:
        unit.kill()
        unit.wait()
        ground.close()
        unit.stderr.close()
        os.close(master)
        os.close(slave)
