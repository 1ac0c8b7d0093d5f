"""Who is asking: what a request's session or token stands for."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

from ground.access.roles import Role

_OF_TOKEN: Final = " (token "  # noqa: S105 (words)


@dataclass(frozen=True, slots=True)
class Identity:
    """Someone, and what they may do."""

    role: Role
    user: str | None = None
    """None: who has not signed in, or holds the run's own token."""
    token: str | None = None
    """Name of an API token of that user."""

    @property
    def author(self) -> str | None:
        """The name beside what they do; None: they say it themselves."""
        return f"{self.user}{_OF_TOKEN}{self.token})" if self.token else self.user


def person(author: str) -> str:
    """Who stands behind an author: one's token is no second person."""
    return author.partition(_OF_TOKEN)[0]


def token_of(author: str) -> str:
    """Name of the API token by which they acted; empty: by none."""
    return author.partition(_OF_TOKEN)[2].removesuffix(")")


ANYONE: Final = Identity(Role.ANYONE)
ACTING: Final[ContextVar[Identity]] = ContextVar("ACTING", default=ANYONE)
"""Who the request at hand is from."""
