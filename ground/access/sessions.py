"""Sessions of people at a browser: they end by themselves, unused or after a shift."""

from __future__ import annotations

from typing import Final

from ground.access.identity import Identity
from ground.access.roles import kept_role
from ground.access.secret import digest, new_secret
from ground.access.store import AccessStore

IDLE_US: Final = 3_600_000_000
"""Without a request or an open console."""
LIFE_US: Final = 12 * 3_600_000_000
"""A shift and its handover, then the password again."""
SEEN_US: Final = 60_000_000
"""How exactly we keep when one was last used: each time costs a write to disk."""


class Sessions:
    """The sessions of one store."""

    def __init__(self, store: AccessStore) -> None:
        self._store = store

    def start(self, user: str, now_us: int) -> str:
        """A new session's secret, for the cookie; sweeps away those that have ended."""
        self._store.change(
            "DELETE FROM sessions WHERE seen_us <= ? OR started_us <= ?",
            now_us - IDLE_US,
            now_us - LIFE_US,
        )
        secret = new_secret()
        kept = digest(secret, "session")
        self._store.change("INSERT INTO sessions VALUES (?, ?, ?, ?)", kept, user, now_us, now_us)
        return secret

    def identify(self, secret: str, now_us: int) -> Identity | None:
        """Whose session this is, or None: unknown, ended or signed out; notes that it is in use."""
        kept = digest(secret, "session")
        rows = self._store.rows(
            "SELECT s.user, u.role, s.seen_us FROM sessions s JOIN users u ON u.name = s.user"
            " WHERE s.digest = ? AND s.seen_us > ? AND s.started_us > ?",
            kept,
            now_us - IDLE_US,
            now_us - LIFE_US,
        )
        if not rows:
            return None
        user, role, seen_us = rows[0]
        if now_us - seen_us >= SEEN_US:
            self._store.change("UPDATE sessions SET seen_us = ? WHERE digest = ?", now_us, kept)
        return Identity(kept_role(role), user)

    def end(self, secret: str) -> None:
        """Sign out."""
        self._store.change("DELETE FROM sessions WHERE digest = ?", digest(secret, "session"))


def csrf(secret: str) -> str:
    """What a page must send beside the cookie: only one of our own can have learnt it."""
    return digest(secret, "csrf")
