"""What became of the ground's classes from one version of the retention state to the next.

A new attribute that its `__init__` begins with a constant or an empty container, and a new field of
a dataclass that has a default, need no entry here: an older state begins with that. Everything else
does, or the state of an older version is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Change:
    """One step; classes by `module:Name`, as they are called after it."""

    renamed: Mapping[str, str] = field(default_factory=dict)
    """Old name of a class, new one: it was renamed or has moved."""
    attributes: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict)
    """Of a class: old name of an attribute, new one; None: what it held is of no use any more."""
    begins: Mapping[str, Mapping[str, Callable[[], Any]]] = field(default_factory=dict)
    """Of a class: new attribute, what makes its value for an object that has none."""


CHANGES: Final[tuple[Change, ...]] = ()
"""Oldest first. Only ever add to its end: a state says how many of them it has seen."""


def brought_up(made: dict[str, Any]) -> dict[str, dict[str, Callable[[], Any]]]:
    """Rename in a state, as JSON, what has another name today.

    Returns what new attributes begin with, by class.
    Raises what a state raises that is none: LookupError, TypeError, ValueError, AttributeError.
    """
    seen = made.get("version", 0)
    if type(seen) is not int or seen < 0:
        raise ValueError(f"version {seen!r} is no number of changes")
    begins: dict[str, dict[str, Callable[[], Any]]] = {}
    for change in CHANGES[seen:]:
        _rename(made, change.renamed)
        begins = {change.renamed.get(name, name): own for name, own in begins.items()}
        for name, names in change.attributes.items():
            _rename_attributes(made, name, names)
        for name, own in change.begins.items():
            begins.setdefault(name, {}).update(own)
    return begins


def _rename(made: dict[str, Any], renamed: Mapping[str, str]) -> None:
    if not renamed:
        return
    made["shapes"] = {renamed.get(name, name): shape for name, shape in made["shapes"].items()}
    nodes: list[Any] = [made["root"], made["objects"]]
    while nodes:  # no recursion: whatever the depth, it is no error here
        node = nodes.pop()
        if isinstance(node, dict):
            nodes.extend(node.values())
        elif isinstance(node, list):
            if len(node) > 1 and node[0] in ("object", "named", "enum"):
                node[1] = renamed.get(node[1], node[1])
            nodes.extend(node)


def _rename_attributes(made: dict[str, Any], name: str, names: Mapping[str, str | None]) -> None:
    shapes = made["shapes"]
    if name not in shapes:
        return
    shapes[name] = [new for old in shapes[name] if (new := names.get(old, old))]
    for one in made["objects"]:
        if one[0] == "object" and one[1] == name:
            one[2] = {new: v for old, v in one[2].items() if (new := names.get(old, old))}
