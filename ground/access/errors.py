"""What can go wrong around users, sessions and tokens; each says what to do."""

from __future__ import annotations


class AccessError(Exception):
    """Something about users or tokens that cannot be; the words say why."""


class StoreError(Exception):
    """The file of users cannot be read or written, or holds what this version does not know."""


class SignInError(Exception):
    """Wrong name or password: which of the two is never said."""


class TooManyTriesError(SignInError):
    """Locked out for a while; `wait_s` is how long."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"Too many failed tries; wait {wait_s:.0f} s.")
        self.wait_s = wait_s
