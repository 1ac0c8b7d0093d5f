"""Passwords: argon2id, and the same work whether the user exists or not."""

from __future__ import annotations

import secrets
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import ARGON2_VERSION

from ground.access.errors import AccessError

LENGTH_MIN: Final = 12
"""Characters; enough beside the lock-out (throttle.py)."""
LENGTH_MAX: Final = 256
"""So that nobody makes us hash a book."""
_HASHER: Final = PasswordHasher()  # argon2id with the second parameters that RFC 9106 recommends
_NOBODY: Final = (
    f"$argon2id$v={ARGON2_VERSION}"
    f"$m={_HASHER.memory_cost},t={_HASHER.time_cost},p={_HASHER.parallelism}"
    f"${'A' * 22}${'A' * 43}"
)
"""Made up, for a real one takes the work of a sign-in; it costs as much to compare with."""


def check_password(password: str) -> str:
    """The password, when it may be one; raises AccessError."""
    if not LENGTH_MIN <= len(password) <= LENGTH_MAX:
        raise AccessError(f"a password has {LENGTH_MIN} to {LENGTH_MAX} characters")
    return password


def new_password() -> str:
    """One that nobody guesses."""
    return secrets.token_urlsafe(15)


def hash_password(password: str) -> str:
    """What is kept of it."""
    return _HASHER.hash(check_password(password))


def verify_password(kept: str | None, password: str) -> bool:
    """True for the right one; None (no such user) takes as long and is never right."""
    given = password if len(password) <= LENGTH_MAX else ""
    try:
        right = _HASHER.verify(kept or _NOBODY, given)
    except (VerificationError, InvalidHashError):
        return False
    return right and kept is not None
