"""API tokens: for scripts, each of one user, for a time, with that user's rights or fewer."""

from __future__ import annotations

from dataclasses import dataclass

from ground.access.errors import AccessError
from ground.access.identity import Identity
from ground.access.roles import Role, kept_role
from ground.access.secret import digest, new_secret
from ground.access.store import AccessStore
from ground.access.users import check_name


@dataclass(frozen=True, slots=True)
class Token:
    """As listed; its secret is nowhere."""

    user: str
    name: str
    role: Role
    created_us: int
    expires_us: int


class Tokens:
    """The tokens of one store."""

    def __init__(self, store: AccessStore) -> None:
        self._store = store

    def list(self) -> list[Token]:
        """By user and name, expired ones too."""
        rows = self._store.rows(
            "SELECT user, name, role, created_us, expires_us FROM tokens ORDER BY user, name"
        )
        return [Token(user, name, kept_role(role), *times) for user, name, role, *times in rows]

    def new(
        self, user: str, name: str, role: Role, now_us: int, expires_us: int, author: str
    ) -> str:
        """A new token's secret, told this once; raises AccessError."""
        check_name(name)
        found = self._store.rows("SELECT role FROM users WHERE name = ?", user)
        if not found:
            raise AccessError(f"there is no user {user}")
        if role > found[0][0]:
            raise AccessError(f"{user} is {kept_role(found[0][0]).label}: no token may do more")
        secret = new_secret()
        words = "INSERT INTO tokens VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (user, name) DO NOTHING"
        kept = digest(secret, "token")
        if not self._store.change(words, user, name, kept, role, now_us, expires_us):
            raise AccessError(
                f"{user} has a token {name} already: revoke it or choose another name"
            )
        self._store.log(now_us, author, f"new token {name} of {user}, {role.label}")
        return secret

    def revoke(self, user: str, name: str, now_us: int, author: str) -> None:
        """Worth nothing from now on; raises AccessError."""
        words = "DELETE FROM tokens WHERE user = ? AND name = ?"
        if not self._store.change(words, user, name):
            raise AccessError(f"{user} has no token {name}")
        self._store.log(now_us, author, f"revoked token {name} of {user}")

    def identify(self, secret: str, now_us: int) -> Identity | None:
        """Whose token this is, or None: unknown, revoked or expired."""
        rows = self._store.rows(
            "SELECT t.user, t.name, min(t.role, u.role) FROM tokens t"
            " JOIN users u ON u.name = t.user WHERE t.digest = ? AND t.expires_us > ?",
            digest(secret, "token"),
            now_us,
        )
        return Identity(kept_role(rows[0][2]), rows[0][0], rows[0][1]) if rows else None
