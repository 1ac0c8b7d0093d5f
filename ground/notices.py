"""Of troubles with links so many are told one by one; a flood of them is one more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from ground.stream.intake import Trouble

NOTICES_MAX: Final = 64
CROWD: Final = "troubles"
"""Notice of those beyond."""
_WORDS: Final = (
    f"more than {NOTICES_MAX} troubles at once; further ones are not told one by one: see to the "
    "links that are named, and who may send there"
)


def told(notices: Mapping[str, str], troubles: Iterable[Trouble]) -> Iterator[Trouble]:
    """What to tell of troubles; `notices` are those that are active, as each is told."""
    for trouble in troubles:
        new = trouble.active and trouble.key not in notices
        crowded = new and len(notices) >= NOTICES_MAX
        yield Trouble(CROWD, _WORDS, True) if crowded else trouble
    if CROWD in notices and len(notices) <= NOTICES_MAX // 2:
        yield Trouble(CROWD, "", False)
