"""Whether those behind a request may still command: asked anew until it has gone out."""

from __future__ import annotations

from collections.abc import Callable

from ground.access.errors import AccessError
from ground.commanding.request import Request


class Rights:
    """`barred(author)` tells why someone may command no more, "" when they may.

    It raises AccessError where nobody can tell now.
    """

    def __init__(self, barred: Callable[[str], str] = lambda _: "") -> None:
        self._barred = barred

    def lost(self, request: Request) -> str:
        """Why a request is not to be sent any more; empty when it is, or nobody can tell."""
        try:
            return self._told(request)
        except AccessError:
            return ""

    def withheld(self, request: Request) -> bool:
        """True while a request may not go out; also while nobody can tell."""
        try:
            return self._told(request) != ""
        except AccessError:
            return True

    def _told(self, request: Request) -> str:
        people = {"who asked for it": request.author, "who confirmed it": request.confirmed_by}
        for part, author in people.items():
            if author and (words := self._barred(author)):
                return f"not sent: {words} ({part})"
        return ""
