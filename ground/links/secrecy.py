"""Addresses as they may be shown: without the password that may stand in them."""

from __future__ import annotations

import re
from typing import Final

_ACCOUNT: Final = re.compile(r"([a-z][a-z0-9+.-]*:/{0,2})([^\s:/@]*):[^\s]*@", re.IGNORECASE)
_NO_PORT: Final = re.compile(
    r"(mqtts?:/{0,2}[^\s:/@\[\]]+):(?!\d{1,5}(?![^\s/?,;:'\")]))[^\s]*", re.I
)


def without_passwords(text: str) -> str:
    """A text in which no address shows a password, also of an address that is written wrongly.

    The password goes on to the last `@` of its word. Where the host was forgotten, what stands in
    the place of the port may be one, so that a port which is no number is not shown either.
    """
    return _NO_PORT.sub(r"\1:…", _ACCOUNT.sub(r"\1\2@", text))
