"""From the sample on board that shows it to the alarm at a console, each a process of its own.

A unit (latency_unit.py), a line or broker, `panewatch ground` and a console (latency_console.py) on
this computer, whose monotonic clock they share.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any, Final

import numpy as np

from ground.archive.archive import Archive
from protocol.schema.timescale import iso
from tools.bench import latency_unit
from tools.bench.result import Result
from tools.cli.errors import RunError
from tools.run.lines import PtyLine, has_pty

ALARMS: Final = 200
"""In each case."""
RATES: Final = {"": 100, "_2000": 2_000}
"""Housekeeping packets a second beside the hits, by what the figures are called."""
TRANSPORTS: Final = ("serial", "mosquitto", "amqtt")
WAIT_S: Final = 20.0
"""No alarm for so long: there comes none any more."""
CLOSE_US: Final = 1_000
"""A hit is dated by its place, so far at most from its first crossing."""
ROOT: Final = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Case:
    """What one transport did at one rate; ms."""

    whole: list[float]
    """From the first crossing of each hit to its alarm at the console."""
    sent: list[float]
    """From its packet's way into the link."""
    batch: float
    """Packets of a message, or of what the ground read at once."""


def run(alarms: int | None = None) -> Result:
    """So many alarms in each case. Raises RunError where one does not come."""
    figures: dict[str, float] = {}
    notes = [
        "from the first crossing of a hit, which a unit sees at its next step of "
        f"{1000 * latency_unit.STEP_S:.0f} ms; …_sent_…: from its packet's way into the link",
        f"no real line: at {latency_unit.BIT_RATE} baud a hit adds hit_wire_ms, and what is before "
        "it on the line; 2,000 packets a second pass on none",
    ]
    for transport in TRANSPORTS:
        if lacking := _lacking(transport):
            notes.append(f"{transport} is left out: {lacking}")
            continue
        for suffix, rate in RATES.items():
            print(f"  {transport}, {rate} packets/s …", file=sys.stderr)
            case = _case(transport, rate, alarms or ALARMS)
            name = transport + suffix
            for figure, value in _quantiles(case.whole).items():
                figures[f"{name}_{figure}_ms"] = value
            figures[f"{name}_sent_p99_ms"] = _quantiles(case.sent)["p99"]
            figures[f"{name}_batch_packets"] = round(case.batch, 1)
            words = f"{name}: {case.batch:.1f} packets a read"
            if transport != "serial":
                waits_ms = 1e3 * (case.batch - 1) / rate
                words = (
                    f"{name}: {case.batch:.1f} packets a message, those that were made while the "
                    f"broker acknowledged the one before: {waits_ms:.1f} ms at their rate"
                )
            notes.append(words)
    figures["hit_wire_ms"] = round(latency_unit.wire_ms(), 1)
    return Result("latency", figures, notes=notes)


def _quantiles(values: Sequence[float]) -> dict[str, float]:
    p50, p99, most = np.percentile(values, [50, 99, 100])
    return {"p50": round(float(p50), 1), "p99": round(float(p99), 1), "max": round(float(most), 1)}


def _lacking(transport: str) -> str:
    if transport == "serial" and not has_pty():
        return "this system has no pseudo-terminals"
    if transport == "mosquitto" and _mosquitto() is None:
        return "Mosquitto is not installed"
    return ""


def _mosquitto() -> str | None:
    """Debian keeps it out of a user's path."""
    return shutil.which("mosquitto") or shutil.which("/usr/sbin/mosquitto")


def _case(transport: str, rate: int, hits: int) -> Case:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="panewatch-bench-")))
        archive = folder / "archive.sqlite"
        if transport == "serial":
            line = stack.enter_context(closing(PtyLine()))
            links, descriptors = (line.unit_link, line.ground_link), line.descriptors
        else:
            broker = _start_mosquitto if transport == "mosquitto" else _start_amqtt
            url = stack.enter_context(broker(folder))
            links, descriptors = (url, url), ()
        ground = stack.enter_context(
            _process("tools.cli.main", "ground", "--link", links[1], "--archive", str(archive),
                     cwd=folder)
        )  # fmt: skip
        address = _line(ground, r"Console: (http://[^/\s]+)")
        assert ground.stdout is not None
        Thread(target=ground.stdout.read, daemon=True).start()  # it tells of each alarm
        console = stack.enter_context(_process("tools.bench.latency_console", cwd=folder))
        _order(console, {"address": address, "alarms": hits, "wait_s": WAIT_S})
        _line(console, "(ready)")
        unit = stack.enter_context(
            _process("tools.bench.latency_unit", cwd=folder, descriptors=descriptors)
        )
        _order(unit, {"link": links[0], "rate": rate, "hits": hits, "seed": rate})
        came = json.loads(_line(console, r"(\[.*\])"))
        if len(came) < hits:
            raise RunError(f"{transport}: {len(came)} alarms came of {hits} hits; try again")
        sent = json.loads(_line(unit, r"(\[.*\])"))
        ground.terminate()
        ground.wait()
        return Case(*_delays(sent, came), _batch(archive))


def _delays(
    sent: Sequence[tuple[int, int, int]], came: Sequence[tuple[str, int]]
) -> tuple[list[float], list[float]]:
    """Ms from crossing and from sending to the alarm of the same onboard time."""
    alarms = sorted((time, now_us) for time, now_us in came)
    whole, after = [], []
    for time_us, crossed_us, given_us in sent:
        at = bisect_left(alarms, (iso(time_us - CLOSE_US), 0))
        if at == len(alarms) or alarms[at][0] > iso(time_us + CLOSE_US):
            raise RunError(f"no alarm is of the hit at {iso(time_us)}")
        whole.append((alarms[at][1] - crossed_us) / 1e3)
        after.append((alarms[at][1] - given_us) / 1e3)
    return whole, after


def _batch(path: Path) -> float:
    """Packets of one message or read, by the archive's raw rows."""
    with closing(Archive(path, write=False)) as archive:
        reads = sum(1 for _ in archive.raw())
        packets = sum(1 for _ in archive.telemetry())
    return packets / max(reads, 1)


@contextmanager
def _process(
    module: str, *arguments: str, cwd: Path, descriptors: Sequence[int] = ()
) -> Iterator[subprocess.Popen[str]]:
    """A module as a process; killed at the end if it has not ended by then."""
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        pass_fds=tuple(descriptors),
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def _order(process: subprocess.Popen[str], order: dict[str, Any]) -> None:
    assert process.stdin is not None
    process.stdin.write(json.dumps(order) + "\n")
    process.stdin.flush()


def _line(process: subprocess.Popen[str], pattern: str) -> str:
    """What the pattern's group is in the next line that it fits; raises RunError without one."""
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.match(pattern, line):
            return found[1]
    raise RunError(f"{process.args!r} ended early ({process.wait()})")


@contextmanager
def _start_amqtt(folder: Path) -> Iterator[str]:
    """The broker of `panewatch run`; its URL."""
    password = secrets.token_hex(8)
    with _process("tools.run.broker", cwd=folder) as broker:
        _order(broker, {"port": 0, "user": "bench", "password": password})
        port = _line(broker, r"(\d+)")
        yield f"mqtt://bench:{password}@127.0.0.1:{port}"


@contextmanager
def _start_mosquitto(folder: Path) -> Iterator[str]:
    """A Mosquitto on loopback; its URL."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = folder / "mosquitto.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nlog_dest stderr\n")
    command = [str(_mosquitto()), "-c", str(config)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as broker:
        try:
            _line(broker, r".*(running)")
            yield f"mqtt://127.0.0.1:{port}"
        finally:
            broker.kill()
