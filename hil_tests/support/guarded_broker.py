"""A real Mosquitto with the configuration that `panewatch broker config` writes."""

from __future__ import annotations

import asyncio
import signal
import ssl
from collections.abc import Callable
from pathlib import Path

import aiomqtt

from hil_tests.support import programs
from hil_tests.support.process import Program
from protocol.wire.tables import SCHEMA_HASH
from tools.broker.clients import password_file
from tools.cli.main import main

VICTIM, OTHER = "sz20.w1", "sz20.w2"
TOPICS = f"panewatch/{SCHEMA_HASH:08x}/sz20"
WITHIN_S = 20


class GuardedBroker:
    """Of units sz20/w1 and sz20/w2; made in `folder`, started by `run_program`."""

    def __init__(self, folder: Path, port: int, run_program: Callable[..., Program]) -> None:
        self.folder, self.port = folder / "broker", port
        units = ["--unit", "sz20/w1", "--unit", "sz20/w2"]
        assert self.configure(*units, "--port", str(port)) == 0
        self.ca = self.folder / "tls" / "ca.pem"
        self._run_program = run_program
        self.program = self.start()

    def configure(self, *args: str) -> int:
        """Another call of the command for the same folder."""
        return main(["broker", "config", "--out", str(self.folder), *args])

    def start(self) -> Program:
        command = [programs.mosquitto(), "-c", str(self.folder / "mosquitto.conf")]
        program = self._run_program("mosquitto", command)
        program.wait_for(r"mosquitto version \S+ running")
        return program

    def reload(self) -> None:
        """Let it read users and access list again, and wait until it has."""
        before = self.program.output.count("Reloading config")
        self.program.send(signal.SIGHUP)
        self.program.wait_for(rf"(?s)(Reloading config.*){{{before + 1}}}")

    def password(self, user: str) -> str:
        return password_file(self.folder / "clients", user).read_text().strip()

    def link(self, user: str) -> str:
        """The address as people write it."""
        return f"mqtts://{user}@127.0.0.1:{self.port}"

    def arguments(self, user: str) -> list[str]:
        """Options of `ground` and `firmware` for one client."""
        secret = str(password_file(self.folder / "clients", user))
        return ["--link", self.link(user), "--ca", str(self.ca), "--password-file", secret]

    def whole(self, user: str) -> str:
        """An address for a link made in this process."""
        return f"{self.link(user)}?ca={self.ca}&password_file=" + str(
            password_file(self.folder / "clients", user)
        )

    def client(
        self, user: str | None, password: str | None = None, **options: object
    ) -> aiomqtt.Client:
        """Any client; the password is the user's own unless given."""
        if user and password is None:
            password = self.password(user)
        context = ssl.create_default_context(cafile=self.ca)
        given = {"username": user, "password": password, "tls_context": context, "timeout": 10}
        return aiomqtt.Client("127.0.0.1", self.port, **(given | options))  # type: ignore[arg-type]


async def heard_until(client: aiomqtt.Client, last: bytes) -> list[bytes]:
    """The payloads that a client gets, up to the last."""
    found: list[bytes] = []
    async with asyncio.timeout(WITHIN_S):
        async for message in client.messages:
            found.append(bytes(message.payload))
            if found[-1] == last:
                return found
    raise AssertionError("the broker left")
