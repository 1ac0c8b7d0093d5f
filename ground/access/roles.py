"""Who may do how much: each role may do all that the ones below it may."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from ground.access.errors import AccessError, StoreError


class Role(IntEnum):
    """A higher number may do more."""

    ANYONE = 0
    """Who has not signed in; no user has it."""
    VIEWER = 1
    """Sees everything, changes nothing."""
    OPERATOR = 2
    """Acknowledges, shelves, notes, logs inspections, commands units."""
    ADMIN = 3
    """Changes what counts as an alarm, and reads who signed in."""

    @property
    def label(self) -> str:
        """As people write it."""
        return self.name.lower()


ROLES: Final = {role.label: role for role in Role if role is not Role.ANYONE}


def role_of(label: str) -> Role:
    """The role of that name; raises AccessError."""
    try:
        return ROLES[label]
    except KeyError:
        raise AccessError(f"{label} is no role: choose {', '.join(ROLES)}") from None


def kept_role(number: int) -> Role:
    """The role that stands in the file of users; raises StoreError."""
    try:
        return Role(number)
    except ValueError:
        words = f"the file of users has a role {number}, which this version does not know"
        raise StoreError(f"{words}: set another with `panewatch user role`") from None
