"""docs/operations.md, each command tried as written; the page says by which marks."""

from __future__ import annotations

import configparser
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from hil_tests.support import programs
from hil_tests.support.process import ROOT, Program
from tools.cli.main import build_parser

PAGE = ROOT / "docs" / "operations.md"
AS_ROOT, RUNNING, STOPPED, ENDLESS = (
    "# as root", "# while the station runs", "# while the station is stopped",
    "# runs until it is stopped",
)  # fmt: skip
INSTALLED = "/opt/panewatch/.venv/bin/panewatch"
SHELL = ["bash", "-euo", "pipefail"]


class Block(NamedTuple):
    """A fenced block: what it is in, and its text."""

    kind: str
    text: str

    @property
    def mark(self) -> str:
        return self.text.splitlines()[0]

    @property
    def commands(self) -> list[list[str]]:
        """Words of each `panewatch …` in it, up to a redirection."""
        joined = re.sub(r"\\\n", " ", self.text)
        lines = re.findall(r"^panewatch (.*)$", joined, re.MULTILINE)
        return [shlex.split(re.split(r" [<>|] ?", line)[0]) for line in lines]


BLOCKS = [Block(*found) for found in re.findall(r"```(\w+)\n(.*?)```", PAGE.read_text(), re.DOTALL)]
_SERVICE = re.compile(r"`/etc/systemd/system/(\S+)\.service`:\n\n```ini\n(.*?)```", re.DOTALL)
SERVICES = dict(_SERVICE.findall(PAGE.read_text()))


def test_every_command_of_the_page_is_one(capsys):
    commands = [words for block in BLOCKS for words in block.commands]
    assert len(commands) > 20
    for words in commands:
        parser = build_parser(words)
        _, rest = parser.parse_known_args(words)
        assert not rest, words
    for service in SERVICES.values():
        start = exec_start(service)
        if start[0] == INSTALLED:
            _, rest = build_parser(start[1:]).parse_known_args(start[1:])
            assert not rest


def test_each_block_is_whole_shell():
    assert {block.kind for block in BLOCKS} == {"sh", "ini"}
    for block in BLOCKS:
        if block.kind == "sh":
            done = subprocess.run(
                [*SHELL, "-n"], input=block.text, text=True, capture_output=True, check=False
            )
            assert (done.returncode, done.stderr) == (0, ""), block.text


def test_the_services_are_hardened_and_systemd_takes_them(tmp_path):
    assert set(SERVICES) == {"panewatch", "panewatch-broker"}
    for name, text in SERVICES.items():
        parser = configparser.ConfigParser(strict=True, interpolation=None)
        parser.optionxform = str  # type: ignore[assignment]
        parser.read_string(re.sub(r"\\\n\s*", " ", text))
        service = parser["Service"]
        assert service["User"] == "panewatch"
        assert service["ReadWritePaths"] == "/var/lib/panewatch"
        for key in ("NoNewPrivileges", "ProtectHome", "PrivateTmp", "RestrictSUIDSGID"):
            assert service[key] == "yes"
        assert service["ProtectSystem"] == "strict"
        assert service["CapabilityBoundingSet"] == ""
        here = re.sub(r"(?m)^ExecStart=\S+", "ExecStart=/bin/true", text)  # nothing is installed
        here = here.replace("User=panewatch", "User=root")
        (tmp_path / f"{name}.service").write_text(here)
    if verify := shutil.which("systemd-analyze"):
        paths = [str(tmp_path / f"{name}.service") for name in SERVICES]
        done = subprocess.run(
            [verify, "verify", "--man=no", *paths], capture_output=True, text=True, check=False
        )
        ours = [line for line in done.stderr.splitlines() if "panewatch" in line]
        assert (done.returncode, ours) == (0, [])


def exec_start(service: str) -> list[str]:
    found = re.search(r"^ExecStart=(.*?[^\\])$", service, re.MULTILINE | re.DOTALL)
    return shlex.split(re.sub(r"\\\n", " ", found[1]))


class Station:
    """What the page sets up, in a folder of the test's: services are started when needed."""

    def __init__(self, folder: Path, run_program) -> None:
        self.folder, self._run_program = folder / "station", run_program
        self.folder.mkdir()
        self.ports = dict(zip(("8883", "8443"), free_ports(), strict=True))
        tools = folder / "bin"
        tools.mkdir()
        shim = tools / "panewatch"
        shim.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m tools.cli.main "$@"\n')
        shim.chmod(0o755)
        self.environment = os.environ | {
            "PATH": f"{tools}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT),
        }  # fmt: skip
        self._shim = str(shim)
        self._started = False
        self._ground: Program | None = None

    def here(self, text: str) -> str:
        """As written, but for ports, and with the folder in the place of the service's."""
        for written, free in self.ports.items():
            text = re.sub(rf"\b{written}\b", free, text)
        return text.replace("/var/lib/panewatch", str(self.folder)).replace("0.0.0.0", "127.0.0.1")

    def run(self, block: Block) -> None:
        text = self.here(block.text)
        own = f"broker config --port {self.ports['8883']}"
        text = text.replace("broker config --fleet", f"{own} --fleet")  # its first call
        done = subprocess.run(
            [*SHELL, "-c", text], cwd=self.folder, env=self.environment, text=True,
            stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{block.text}\n{done.stdout}\n{done.stderr}"

    def start_services(self) -> None:
        if self._started:
            return
        self._started = True
        broker = self._start("panewatch-broker")
        broker.wait_for(r"mosquitto version \S+ running")
        self._ground = self._start("panewatch")
        self._ground.wait_for(r"^First start: sign in as admin")
        self._ground.wait_for(r": connected")

    def run_stopped(self, block: Block) -> None:
        """The ground station must know its users, keys and archive again afterwards."""
        assert self._ground is not None
        self._ground.send(signal.SIGTERM)
        assert self._ground.wait() == 0
        self.run(block)
        self._ground = self._start("panewatch")
        self._ground.wait_for(r": connected")
        assert "First start" not in self._ground.output

    def _start(self, name: str) -> Program:
        words = exec_start(self.here(SERVICES[name]))
        words[0] = self._shim if words[0] == INSTALLED else programs.mosquitto()
        return self._run_program(name, words, cwd=self.folder)

    def start(self, block: Block) -> None:
        words = [self._shim, *Block("sh", self.here(block.text)).commands[0]]
        self._run_program("unit", words, cwd=self.folder).wait_for(r": connected")


def free_ports() -> list[str]:
    """Two TCP ports on loopback that nobody uses."""
    with socket.socket() as one, socket.socket() as other:
        for probe in (one, other):
            probe.bind(("127.0.0.1", 0))
        return [str(probe.getsockname()[1]) for probe in (one, other)]


@pytest.mark.mosquitto
def test_the_page_from_its_first_block_to_its_last(tmp_path, run_program):
    station = Station(tmp_path, run_program)
    ran = 0
    for block in BLOCKS:
        if block.kind != "sh" or block.mark == AS_ROOT:
            continue
        if block.mark in (RUNNING, ENDLESS):
            station.start_services()
        if block.mark == ENDLESS:
            station.start(block)
        elif block.mark == STOPPED:
            station.run_stopped(block)
        else:
            station.run(block)
        ran += 1
    assert ran > 8
    assert "panewatch_up 1" in (station.folder / "metrics.txt").read_text()
