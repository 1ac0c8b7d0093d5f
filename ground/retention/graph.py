"""Objects of the ground's own classes as plain JSON, and back: data only, nothing that could run.

What is shared stays shared. A class whose attributes are others than when it was written is refused
(GraphError): better than a station that has forgotten half.
"""

from __future__ import annotations

import base64
import zlib
from collections import deque
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Final

import numpy as np

from ground.retention import changes
from ground.retention.fits import described, fits
from ground.retention.packing import Frozen, unpacked
from ground.retention.rooms import (
    GraphError,
    OtherClassesError,
    attributes_of,
    check_allowed,
    check_same,
    class_named,
    holds_state,
    numbers,
)
from ground.retention.shapes import shape, shape_of
from protocol.schema.timescale import LAST_US

_PLAIN: Final = (type(None), bool, int, float, str)


def frozen(root: Any, outside: Mapping[str, Any]) -> Frozen:
    """An object with all that hangs on it; `outside` are objects that are only named."""
    writer = _Writer(outside)
    made = {
        "version": len(changes.CHANGES),
        "root": writer.node(root),
        "objects": writer.objects,
        "shapes": writer.shapes,
    }
    return Frozen(made, writer.arrays)


def read(data: bytes, outside: Mapping[str, Any]) -> Any:
    """What was frozen and packed; raises GraphError."""
    try:
        state = unpacked(data)
        made = state.made
        if made.get("version", 0) > len(changes.CHANGES):
            raise OtherClassesError("a later version of Panewatch wrote it")
        begins = changes.brought_up(made)
        reader = _Reader(made["objects"], outside, made["shapes"], begins, state.arrays)
        root = reader.value(made["root"])
        reader.check_all()
    except GraphError:
        raise
    except (
        zlib.error,
        LookupError,
        ValueError,
        TypeError,
        AttributeError,
        ArithmeticError,
        RecursionError,
        MemoryError,
    ) as error:
        raise GraphError(f"{type(error).__name__}: {error}"[:160]) from error
    else:
        return root


class _Writer:
    def __init__(self, outside: Mapping[str, Any]) -> None:
        self.objects: list[Any] = []
        self.shapes: dict[str, list[str]] = {}
        self.arrays: list[bytes] = []
        self._outside = {id(value): name for name, value in outside.items()}
        self._known: dict[int, int] = {}
        self._alive: list[Any] = []

    def node(self, value: Any) -> Any:
        """A plain value itself, else a list: what it is and where."""
        if type(value) in _PLAIN:
            return value
        if id(value) in self._outside:
            return ["outside", self._outside[id(value)]]
        if isinstance(value, Enum):
            return ["enum", self._name(type(value)), value.value]
        if isinstance(value, np.generic):
            return ["scalar", value.dtype.str, value.item()]
        if isinstance(value, bytes):
            return ["bytes", value.hex()]
        at = self._known.get(id(value))
        if at is None:
            at = self._known[id(value)] = len(self.objects)
            self._alive.append(value)
            self.objects.append(None)
            self.objects[at] = self._object(value)
        return ["is", at]

    def _object(self, value: Any) -> list[Any]:
        kind: Any = type(value)
        if isinstance(value, np.ndarray):
            self.arrays.append(value.tobytes())
            return ["array", value.dtype.str, list(value.shape), len(self.arrays) - 1]
        if kind is dict:
            return ["dict", [[self.node(k), self.node(v)] for k, v in value.items()]]
        if kind in (list, tuple, set, frozenset):
            return [kind.__name__, [self.node(v) for v in value]]
        if kind is deque:
            return ["deque", value.maxlen, [self.node(v) for v in value]]
        name = self._name(kind)
        if isinstance(value, tuple):
            return ["named", name, [self.node(v) for v in value]]
        if name not in self.shapes:
            self.shapes[name] = shape(kind)
        return ["object", name, {k: self.node(v) for k, v in attributes_of(value).items()}]

    def _name(self, kind: type) -> str:
        check_allowed(kind.__module__, kind.__qualname__)
        return f"{kind.__module__}:{kind.__qualname__}"


class _Reader:
    def __init__(
        self,
        objects: list[Any],
        outside: Mapping[str, Any],
        shapes: dict[str, list[str]],
        begins: Mapping[str, Mapping[str, Callable[[], Any]]],
        arrays: list[bytes],
    ) -> None:
        self._arrays = arrays
        self._objects = objects
        self._outside = outside
        self._made: dict[int, Any] = {}
        self._shapes = {name: set(was) for name, was in shapes.items()}
        self._begins: dict[str, dict[str, Callable[[], Any]]] = {}
        """Of each class that is read, what its attributes of today begin with that it had not."""
        for name, was in self._shapes.items():
            self._begins[name] = self._new(name, was, begins.get(name, {}))

    def _new(
        self, name: str, was: set[str], begins: Mapping[str, Callable[[], Any]]
    ) -> dict[str, Callable[[], Any]]:
        """Refuse a class that has changed so that nobody can say how its objects go on."""
        kind = class_named(name)
        now = set(shape(kind))
        known = {**shape_of(kind).begins, **begins}
        if was - now or now - was - set(known):
            less, more = ", ".join(sorted(was - now)), ", ".join(sorted(now - was - set(known)))
            words = [f"there holds {less}" if less else "", f"here holds {more}" if more else ""]
            raise OtherClassesError(f"{name} {' and '.join(filter(None, words))}")
        return {attribute: known[attribute] for attribute in now - was}

    def check_all(self) -> None:
        """Every attribute has the type that the code declares."""
        for made in self._made.values():
            kind: Any = type(made)
            if kind.__module__ == "builtins" or not holds_state(kind.__module__):
                continue
            types = shape_of(kind).types
            own = made._asdict() if issubclass(kind, tuple) else attributes_of(made)
            for name, value in own.items():
                if not fits(value, types.get(name, Any)):
                    words = f"{kind.__name__}.{name} is {str(value)[:40]!r}, no"
                    raise GraphError(f"{words} {described(types[name])}")
                if name.endswith("_us") and isinstance(value, int) and abs(value) > LAST_US:
                    raise GraphError(f"{kind.__name__}.{name} is {str(value)[:40]}, no time")

    def value(self, node: Any) -> Any:
        if type(node) in _PLAIN:
            return node
        match node:
            case ["is", int(at)]:
                return self._made[at] if at in self._made else self._make(at)
            case ["outside", str(name)]:
                return self._outside[name]
            case ["enum", str(name), value]:
                kind = class_named(name)
                if not issubclass(kind, Enum):
                    raise GraphError(f"{name} is no enumeration")
                made: Any = kind(value)
                check_same(made.value, value)
            case ["scalar", str(code), value]:
                made = numbers(code).type(value)
                check_same(made.item(), value)
            case ["bytes", str(text)]:
                made = bytes.fromhex(text)
                check_same(made.hex(), text)
            case _:
                raise GraphError(f"{str(node)[:40]} is no node")
        return made

    def _make(self, at: int) -> Any:
        match self._objects[at]:
            case ["array", str(code), list(size), str() | int() as where]:
                octets = self._array(where)
                flat = np.frombuffer(octets, numbers(code))
                made: Any = flat.reshape(size).copy()
                check_same(list(made.shape), size)
            case ["dict", list(items)]:
                made = self._made[at] = {}
                made.update((self.value(k), self.value(v)) for k, v in items)
                check_same(len(made), len(items))
            case ["list", list(items)]:
                made = self._made[at] = []
                made.extend(map(self.value, items))
            case ["set", list(items)]:
                made = self._made[at] = set()
                made.update(map(self.value, items))
                check_same(len(made), len(items))
            case ["deque", maxlen, list(items)]:
                made = self._made[at] = deque(maxlen=maxlen)
                made.extend(map(self.value, items))
                check_same([made.maxlen, len(made)], [maxlen, len(items)])
            case ["tuple", list(items)]:
                made = tuple(map(self.value, items))
            case ["frozenset", list(items)]:
                made = frozenset(map(self.value, items))
                check_same(len(made), len(items))
            case ["named", str(name), list(items)]:
                kind = class_named(name)
                if not issubclass(kind, tuple):
                    raise GraphError(f"{name} is no tuple")
                made = kind(*map(self.value, items))
            case ["object", str(name), dict(attributes)]:
                made = self._object(at, name, attributes)
            case other:
                raise GraphError(f"{str(other)[:40]} is no object")
        self._made[at] = made
        return made

    def _array(self, where: str | int) -> bytes:
        """Its bytes, which earlier versions wrote where they belong."""
        if isinstance(where, str):
            return base64.b64decode(where, validate=True)
        if not 0 <= where < len(self._arrays):
            raise GraphError(f"there is no array {where}")
        return self._arrays[where]

    def _object(self, at: int, name: str, attributes: dict[str, Any]) -> Any:
        kind = class_named(name)
        if issubclass(kind, tuple | Enum):
            raise GraphError(f"{name} is no plain class")
        if attributes.keys() != self._shapes.get(name):
            raise GraphError(f"{name} has not the attributes that the state says it has")
        made: Any = object.__new__(kind)
        self._made[at] = made
        for key, node in attributes.items():
            object.__setattr__(made, key, self.value(node))
        for key, make in self._begins[name].items():
            object.__setattr__(made, key, make())
        return made
