"""What attributes the ground's own classes have, of which types, and how new ones begin.

Read from where they are declared: fields of a dataclass, and what `__init__` gives to `self`. So a
class that holds state needs no list of its own beside its code.
"""

from __future__ import annotations

import ast
import dis
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cache
from typing import Any, Final, get_type_hints

Make = Callable[[], Any]

_EMPTY: Final = {"dict": dict, "list": list, "set": set}


@dataclass(frozen=True, slots=True)
class Shape:
    """Of one class."""

    types: dict[str, Any]
    """Each attribute's type; `Any` where the code does not say."""
    begins: dict[str, Make]
    """What makes the first value of those with a default, a constant or an empty container."""


@cache
def shape(kind: type) -> list[str]:
    """Attributes of a class's objects, as its code makes them."""
    if is_dataclass(kind):
        return sorted(field.name for field in fields(kind))
    found = {
        str(step.argval)
        for base in kind.__mro__
        if "__init__" in base.__dict__ and base is not object
        for step in dis.get_instructions(base.__dict__["__init__"])
        if step.opname == "STORE_ATTR"
    }
    return sorted(found)


@cache
def shape_of(kind: type) -> Shape:
    """Types and beginnings. A class without its source has neither types nor beginnings."""
    if is_dataclass(kind):
        return Shape(_hints(kind), {f.name: make for f in fields(kind) if (make := _default(f))})
    types: dict[str, Any] = {}
    begins: dict[str, Make] = {}
    for base in reversed(kind.__mro__):
        if base is object or "__init__" not in base.__dict__:
            continue
        room = dict(vars(sys.modules[base.__module__]))
        for name, hint, value in _assigned(base):
            types.setdefault(name, _type(hint, value, room))
            if value is not None and (make := _beginning(value)):
                begins.setdefault(name, make)
    return Shape(types, begins)


def _hints(kind: type) -> dict[str, Any]:
    try:
        return get_type_hints(kind)
    except (NameError, TypeError):  # named for type checkers only
        return {}


def _default(field: Any) -> Make | None:
    if field.default_factory is not MISSING:
        made: Make = field.default_factory
        return made
    return None if field.default is MISSING else lambda: field.default


def _assigned(kind: type) -> Iterator[tuple[str, ast.expr | None, ast.expr | None]]:
    """(attribute, annotation, value) of what `__init__` gives to self."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(kind.__dict__["__init__"])))
    except (OSError, TypeError, SyntaxError):
        return
    (function,) = tree.body
    assert isinstance(function, ast.FunctionDef)
    arguments = [*function.args.args, *function.args.kwonlyargs]
    hints = {a.arg: a.annotation for a in arguments}
    me = arguments[0].arg
    for step in ast.walk(function):
        hint: ast.expr | None = None
        targets: list[ast.expr] = []
        if isinstance(step, ast.AnnAssign):
            targets, hint = [step.target], step.annotation
        elif isinstance(step, ast.Assign):
            targets = step.targets
        else:
            continue
        if hint is None and isinstance(step.value, ast.Name):
            hint = hints.get(step.value.id)
        for target in targets:
            if (
                isinstance(target, ast.Attribute)
                and isinstance(target.value, ast.Name)
                and target.value.id == me
            ):
                yield target.attr, hint, step.value


def _type(hint: ast.expr | None, value: ast.expr | None, room: dict[str, Any]) -> Any:
    if hint is not None:
        try:
            return eval(ast.unparse(hint), room)  # noqa: S307 (our own source)
        except (NameError, TypeError, AttributeError):
            return Any
    match value:
        case ast.Constant(value=constant) if constant is not None:
            return type(constant)
        case ast.Call(func=ast.Name(id=name)):
            made = room.get(name)
            return made if isinstance(made, type) else Any
    return Any


def _beginning(value: ast.expr) -> Make | None:
    match value:
        case ast.Constant(value=constant):
            return lambda: constant
        case ast.Dict(keys=[]):
            return dict
        case ast.List(elts=[]):
            return list
        case ast.Tuple(elts=[]):
            return tuple
        case ast.Call(func=ast.Name(id=name), args=[], keywords=[]):
            return _EMPTY.get(name)
    return None
