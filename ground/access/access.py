"""Everyone who may use one ground station: its users, tokens and sessions, and signing in."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from hmac import compare_digest
from typing import Final

from ground.access.errors import AccessError, SignInError
from ground.access.identity import Identity
from ground.access.passwords import new_password, verify_password
from ground.access.rights import barred
from ground.access.roles import Role
from ground.access.secret import SECRET_MAX
from ground.access.sessions import Sessions
from ground.access.store import AccessStore
from ground.access.throttle import ADDRESS_FREE, USER_FREE, Throttle
from ground.access.tokens import Tokens
from ground.access.users import Users
from ground.turns import TooBusyError, Turns

ADMIN: Final = "admin"
STATION: Final = "ground station"
"""Author of what the station itself does."""
HASHES_MAX: Final = 2
"""Passwords checked at a time: each takes 64 MiB and a core."""
WAITING_MAX: Final = 10
WAIT_S: Final = 20.0
"""So many more may wait for that, and so long."""


class Access:
    """Who is asking, by session or token.

    `run_token` is that of one run and makes its holder an admin; "": none. `run_user` is the name
    in which it acts; without one its holder says it.
    """

    def __init__(
        self,
        store: AccessStore,
        run_token: str = "",
        run_user: str | None = None,
        *,
        clock_us: Callable[[], int] = lambda: time.time_ns() // 1000,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.store = store
        self.users = Users(store)
        self.tokens = Tokens(store)
        self.sessions = Sessions(store)
        self._run_token = run_token.encode()
        self._run_user = run_user
        self._clock_us = clock_us
        self._monotonic_s = monotonic_s
        self._by_user = Throttle(USER_FREE)
        self._by_address = Throttle(ADDRESS_FREE)
        self._hashing = Turns(HASHES_MAX, WAITING_MAX, WAIT_S)

    @property
    def has_users(self) -> bool:
        """False for a run of which only the token's holder may do more than look."""
        return bool(self.store.rows("SELECT 1 FROM users LIMIT 1"))

    def operators(self) -> int:
        """How many people may command, at least one."""
        return max(1, sum(user.role >= Role.OPERATOR for user in self.users.list()))

    def barred(self, author: str) -> str:
        """Why who asked for a command may command no more, or ""; raises AccessError."""
        return barred(self.store, author, self._clock_us())

    def first_start(self) -> str | None:
        """Without any user, make an admin; the password, to be told once, or None."""
        if self.has_users:
            return None
        password = new_password()
        try:
            self.users.add(ADMIN, Role.ADMIN, password, self._clock_us(), STATION)
        except AccessError:
            return None  # another station with the same users has made and told it meanwhile
        return password

    async def sign_in(self, name: str, password: str, address: str) -> str:
        """A new session's secret; raises SignInError, TooManyTriesError, TooBusyError."""
        now_s = self._monotonic_s()
        self._by_address.check(address, now_s)
        self._by_user.check(name, now_s)
        self._by_address.charge(address, now_s)
        self._by_user.charge(name, now_s)
        kept = self.users.kept_hash(name)
        try:
            async with self._hashing.turn(address):
                right = await asyncio.to_thread(verify_password, kept, password)
        except TooBusyError:  # nothing was tried
            self._by_user.refund(name)
            self._by_address.refund(address)
            raise
        now_us = self._clock_us()
        if not right or self.users.kept_hash(name) != kept:  # changed meanwhile
            who = name if kept else "an unknown name"  # which may be a password by mistake
            self.store.log(now_us, who, f"was refused from {address}")
            raise SignInError("Wrong name or password.")
        self._by_user.forgive(name)
        self._by_address.refund(address)
        self.store.log(now_us, name, f"signed in from {address}")
        return self.sessions.start(name, now_us)

    def sign_out(self, secret: str) -> None:
        """End the session."""
        identity = self.by_session(secret)
        self.sessions.end(secret)
        if identity and identity.user:
            self.store.log(self._clock_us(), identity.user, "signed out")

    def by_session(self, secret: str) -> Identity | None:
        """Whose session, or None."""
        if not 0 < len(secret) <= SECRET_MAX:
            return None
        return self.sessions.identify(secret, self._clock_us())

    def by_token(self, secret: str) -> Identity | None:
        """Whose token, or None."""
        if not 0 < len(secret) <= SECRET_MAX:
            return None
        if self._run_token and compare_digest(secret.encode(), self._run_token):
            return Identity(Role.ADMIN, self._run_user)
        return self.tokens.identify(secret, self._clock_us())
