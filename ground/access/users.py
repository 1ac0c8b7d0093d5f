"""Users: names, roles, password hashes; and what an administrator does with them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from ground.access.errors import AccessError
from ground.access.passwords import hash_password
from ground.access.roles import Role, kept_role
from ground.access.store import AccessStore

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")


@dataclass(frozen=True, slots=True)
class User:
    """As listed."""

    name: str
    role: Role
    created_us: int


class Users:
    """The users of one store. `author` is who does it, for the log; errors are AccessError."""

    def __init__(self, store: AccessStore) -> None:
        self._store = store

    def list(self) -> list[User]:
        """By name."""
        rows = self._store.rows("SELECT name, role, created_us FROM users ORDER BY name")
        return [User(name, kept_role(role), created_us) for name, role, created_us in rows]

    def kept_hash(self, name: str) -> str | None:
        """Of the password; None when there is no such user."""
        rows = self._store.rows("SELECT hash FROM users WHERE name = ?", name)
        return rows[0][0] if rows else None

    def add(self, name: str, role: Role, password: str, now_us: int, author: str) -> None:
        """A new user."""
        check_name(name)
        if role is not Role.ADMIN and not self.list():
            raise AccessError("the first user must be an admin")
        kept = hash_password(password)
        words = "INSERT INTO users VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
        if not self._store.change(words, name, kept, role, now_us):
            raise AccessError(f"there is a user {name} already")
        self._store.log(now_us, author, f"added user {name}, {role.label}")

    def set_password(self, name: str, password: str, now_us: int, author: str) -> None:
        """Another password; it ends the user's sessions."""
        kept = hash_password(password)
        if not self._store.change("UPDATE users SET hash = ? WHERE name = ?", kept, name):
            raise self._missing(name)
        self._store.change("DELETE FROM sessions WHERE user = ?", name)
        self._store.log(now_us, author, f"changed the password of {name}")

    def set_role(self, name: str, role: Role, now_us: int, author: str) -> None:
        """Another role, at once for every session and token of the user."""
        words = (
            "UPDATE users SET role = ?1 WHERE name = ?2 AND (?1 = ?3"
            " OR EXISTS (SELECT 1 FROM users WHERE role = ?3 AND name != ?2))"
        )
        if not self._store.change(words, role, name, Role.ADMIN):
            raise self._refusal(name)
        self._store.log(now_us, author, f"made {name} {role.label}")

    def remove(self, name: str, now_us: int, author: str) -> None:
        """Gone, with all sessions and tokens."""
        words = (
            "DELETE FROM users WHERE name = ?1"
            " AND EXISTS (SELECT 1 FROM users WHERE role = ?2 AND name != ?1)"
        )
        if not self._store.change(words, name, Role.ADMIN):
            raise self._refusal(name)
        self._store.log(now_us, author, f"removed user {name}")

    def _refusal(self, name: str) -> AccessError:
        if self.kept_hash(name) is None:
            return self._missing(name)
        return AccessError(f"{name} is the only admin: make another one first")

    def _missing(self, name: str) -> AccessError:
        known = ", ".join(user.name for user in self.list()) or "none"
        return AccessError(f"there is no user {name}; known: {known}")


def is_name(name: str) -> bool:
    """True for what may be the name of a user or token."""
    return _NAME.fullmatch(name) is not None


def check_name(name: str) -> str:
    """A name of a user or token, when it may be one; raises AccessError."""
    if not is_name(name):
        raise AccessError(f"{name!r} is no name: up to 32 of a-z, 0-9, dot, dash and underscore")
    return name
