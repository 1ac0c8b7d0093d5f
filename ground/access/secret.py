"""Random secrets of sessions and tokens: the holder has the secret, we keep its digest.

256 random bits cannot be guessed, so a plain SHA-256 is enough to keep them by (a password, which
can be guessed, gets argon2: passwords.py), and looking a digest up tells no time about a secret.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

SECRET_BYTES: Final = 32
SECRET_MAX: Final = 256
"""Characters; what is longer was never ours."""


def new_secret() -> str:
    """A secret as its holder gets it, once."""
    return secrets.token_urlsafe(SECRET_BYTES)


def digest(secret: str, purpose: str) -> str:
    """What is kept of a secret; a digest for one purpose is worth nothing for another."""
    return hashlib.sha256(f"{purpose}:{secret}".encode("utf-8", "surrogatepass")).hexdigest()
