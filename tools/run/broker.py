"""The embedded MQTT broker: amqtt on loopback, for those who know the run's password.

A process of its own, so that neither waits for the other's work. One JSON line on standard input
says `{"port", "user", "password"}` (port 0 takes a free one); the port stands on standard output
once it answers. It ends when standard input does, so it never outlives what started it.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import sys
from dataclasses import dataclass

from amqtt.broker import Broker
from amqtt.contexts import BaseContext, BrokerConfig, ListenerConfig
from amqtt.plugins.base import BaseAuthPlugin
from amqtt.session import Session


class RunPassword(BaseAuthPlugin):  # type: ignore[misc]  # amqtt has no types
    """Lets in whoever has this run's user name and password; nobody else."""

    @dataclass
    class Config:
        """What a client must give."""

        user: str
        password: str

    def __init__(self, context: BaseContext) -> None:
        super().__init__(context)
        self._expected = f"{self.config.user}:{self.config.password}".encode()

    async def authenticate(self, *, session: Session) -> bool:
        """True for the right user and password, compared in constant time."""
        given = f"{session.username}:{session.password}".encode()
        return hmac.compare_digest(given, self._expected)


async def serve(port: int, user: str, password: str) -> None:
    """Serve until standard input ends; OSError when the port cannot be had."""
    broker = Broker(
        BrokerConfig(
            listeners={"default": ListenerConfig(type="external")},
            plugins={"tools.run.broker.RunPassword": {"user": user, "password": password}},
        )
    )
    await broker.start()
    server = await asyncio.start_server(
        lambda reader, writer: broker.stream_connected(reader, writer, "default"),
        "127.0.0.1",
        port,
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.close()
    await broker.shutdown()


if __name__ == "__main__":
    order = json.loads(sys.stdin.readline())
    asyncio.run(serve(order["port"], order["user"], order["password"]))
