"""Whether someone may still command, long after they asked for something."""

from __future__ import annotations

from ground.access.errors import AccessError, StoreError
from ground.access.identity import person, token_of
from ground.access.roles import Role, kept_role
from ground.access.store import AccessStore
from ground.access.users import is_name


def barred(store: AccessStore, author: str, now_us: int) -> str:
    """Why `author` may command no more; empty when they may. Raises AccessError: nobody can tell.

    Who is no user by name, as the holder of a run's own token, is whoever may read the folder.
    """
    user, token = person(author), token_of(author)
    if not is_name(user):
        return ""
    try:
        return _barred(store, user, token, now_us)
    except StoreError as error:
        raise AccessError(f"the users cannot be read ({error})") from None


def _barred(store: AccessStore, user: str, token: str, now_us: int) -> str:
    if not store.rows("SELECT 1 FROM users LIMIT 1"):
        return ""  # without users a name is only what the run's holder says
    roles = store.rows("SELECT role FROM users WHERE name = ?", user)
    if not roles:
        return f"{user} is no user any more"
    role = kept_role(roles[0][0])
    if token:
        words = "SELECT role, expires_us FROM tokens WHERE user = ? AND name = ?"
        kept = store.rows(words, user, token)
        if not kept:
            return f"the token {token} of {user} was revoked"
        if kept[0][1] <= now_us:
            return f"the token {token} of {user} has expired"
        role = min(role, kept_role(kept[0][0]))
    return "" if role >= Role.OPERATOR else f"{user} is {role.label} now and may not command"
