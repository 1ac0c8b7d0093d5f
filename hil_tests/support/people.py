"""Users of a ground station under test: one of each role, all with one password."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from argon2 import PasswordHasher

from ground.access import passwords
from ground.access.access import Access
from ground.access.roles import Role
from ground.access.store import AccessStore
from ground.api.app import create_app
from ground.api.site import Site
from hil_tests.e2e.demo_ground import DemoGround

PASSWORD = "a password of one's own"
NAMES = {Role.ADMIN: "ada", Role.OPERATOR: "olga", Role.VIEWER: "vera"}
PORT = 8420
DAY_US = 86_400_000_000


@pytest.fixture
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where passwords are not what is tested, they cost no 64 MiB each."""
    cheap = PasswordHasher(1, 8, 1)
    monkeypatch.setattr(passwords, "_HASHER", cheap)
    monkeypatch.setattr(passwords, "_NOBODY", cheap.hash("nobody's"))


class Clock:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.now_us = 1_762_214_400_000_000

    def __call__(self) -> int:
        return self.now_us

    def monotonic_s(self) -> float:
        return self.now_us / 1e6


class Place:
    """A ground station with three users, and a browser for each."""

    def __init__(self, site: Site | None = None, path: Path | None = None) -> None:
        self.clock = Clock()
        self.site = site or Site(port=PORT)
        self.ground = DemoGround(seconds=3)
        self.ground.strike()
        store = AccessStore(path)
        self.access = Access(store, clock_us=self.clock, monotonic_s=self.clock.monotonic_s)
        for role, name in NAMES.items():
            self.access.users.add(name, role, PASSWORD, self.clock(), "test")
        self.app = create_app(self.ground, access=self.access, site=self.site)

    def client(self, **headers: str) -> httpx.AsyncClient:
        """A browser of its own: own cookies."""
        transport = httpx.ASGITransport(self.app, client=("192.0.2.7", 1))
        base = f"{self.site.scheme}://127.0.0.1:{self.site.port}"
        return httpx.AsyncClient(transport=transport, base_url=base, headers=headers)

    async def signed_in(self, name: str) -> httpx.AsyncClient:
        """A browser in which someone has signed in."""
        client = self.client()
        answer = await sign_in(client, name)
        assert answer.status_code == 200, answer.text
        client.headers["X-Panewatch-CSRF"] = answer.json()["csrf"]
        return client

    def token(self, name: str, role: Role, days: float = 1.0) -> str:
        """A new API token of someone's."""
        now_us = self.clock()
        ends_us = now_us + round(days * DAY_US)
        label = f"script-{role.label}"
        return self.access.tokens.new(name, label, role, now_us, ends_us, "test")


async def sign_in(client: httpx.AsyncClient, name: str, password: str = PASSWORD) -> httpx.Response:
    return await client.post("/api/session", json={"user": name, "password": password})
