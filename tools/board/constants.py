"""Writes a board's integer constants in place of their names, as compilers of other languages do.

MicroPython keeps each name of a module at run time, and each constant in the module's dictionary:
on a board that is heap. `const()` would spare it within one module only. Lines stay where they are,
for exceptions tell theirs.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from tools.board.syntax import parse

_CONSTANT: Final = re.compile(r"_?[A-Z][A-Z0-9_]*")

KEPT: Final = ("SCHEMA_HASH",)
"""What may be asked for by name from outside, as `panewatch board verify` does."""

Values = dict[str, int]


@dataclass
class _Module:
    """A source on its way; positions are lines from 1 and byte columns, as in ast."""

    lines: list[bytes]
    tree: ast.Module
    known: Values = field(default_factory=dict)
    """Its own and those that it imports, by the names that they have here."""
    modules: dict[str, str] = field(default_factory=dict)
    """Modules that it imports, by the names that they have here."""

    def __post_init__(self) -> None:
        self.nodes = list(ast.walk(self.tree))
        self.bound = Counter(_bound(self.nodes))


def inline(sources: Mapping[str, str]) -> dict[str, str]:
    """The texts of these modules (by their dotted names) without names of integer constants.

    A constant is in capitals, bound once, to an integer that its text and other constants tell.
    Raises SyntaxError.
    """
    modules = {
        name: _Module(text.encode().split(b"\n"), parse(text, name))
        for name, text in sources.items()
    }
    while sum([_learn(modules, module) for module in modules.values()]):
        pass  # each round may tell the constants of one more module
    for module in modules.values():
        _replace(modules, module)
    return {name: b"\n".join(module.lines).decode() for name, module in modules.items()}


def _learn(modules: dict[str, _Module], module: _Module) -> int:
    """Find constants that are known by now; returns how many are new."""
    before = len(module.known) + len(module.modules)
    for statement in module.nodes:
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                if alias.name in modules:
                    module.modules[alias.asname or alias.name] = alias.name
        elif isinstance(statement, ast.ImportFrom) and statement.module:
            for alias in statement.names:
                name = alias.asname or alias.name
                whole = f"{statement.module}.{alias.name}"
                if whole in modules:
                    module.modules[name] = whole
                elif statement.module in modules:
                    theirs = modules[statement.module].known
                    if alias.name in theirs and name not in module.bound:
                        module.known[name] = theirs[alias.name]
    for statement in module.tree.body:
        for name, value in _definitions(module, modules, statement):
            if _CONSTANT.fullmatch(name) and module.bound[name] == 1:
                module.known[name] = value
    return len(module.known) + len(module.modules) - before


def _bound(nodes: Sequence[ast.AST]) -> Iterator[str]:
    """Every name that is bound anywhere, as often as it is; also those in f-strings, which stay."""
    for node in nodes:
        if isinstance(node, ast.Name) and _stored(node):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.JoinedStr):
            for name in [n.id for n in ast.walk(node) if isinstance(n, ast.Name)]:
                yield from (name, name)


def _stored(name: ast.Name) -> bool:
    return not isinstance(name.ctx, ast.Load)


def _definitions(
    module: _Module, modules: dict[str, _Module], statement: ast.stmt
) -> Iterator[tuple[str, int]]:
    """The (name, value) that a statement `A = 1`, `A, B = 1, 2` or `A, B = range(2)` defines."""
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return
    target, value = statement.targets[0], statement.value
    if isinstance(target, ast.Name):
        found = _value(module, modules, value)
        if found is not None:
            yield target.id, found
    elif isinstance(target, ast.Tuple):
        values: list[int | None] = []
        if isinstance(value, ast.Tuple):
            values = [_value(module, modules, item) for item in value.elts]
        elif _is_range(value):
            values = list(range(len(target.elts)))
        for item, found in zip(target.elts, values, strict=bool(values)):
            if isinstance(item, ast.Name) and found is not None:
                yield item.id, found


def _is_range(value: ast.expr) -> bool:
    return (
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Name)
        and value.func.id == "range"
        and len(value.args) == 1
    )


def _value(module: _Module, modules: dict[str, _Module], node: ast.expr) -> int | None:
    """The integer that an expression of literals and known constants is; None for another."""
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "const" and len(node.args) == 1:
        node = node.args[0]  # as MicroPython has it
    parts = [n for n in ast.walk(node) if not isinstance(n, ast.operator | ast.unaryop | ast.Load)]
    names: Values = {}
    text = ast.unparse(node)
    for part in parts:
        if isinstance(part, ast.Constant) and type(part.value) is int:
            continue
        if isinstance(part, ast.BinOp | ast.UnaryOp):
            continue
        if isinstance(part, ast.Name) and part.id in module.known:
            names[part.id] = module.known[part.id]
        else:
            return None
    made = eval(text, {"__builtins__": {}}, names)  # noqa: S307 - of integers and operators only
    return made if type(made) is int else None


def _replace(modules: dict[str, _Module], module: _Module) -> None:
    edits: list[tuple[ast.stmt | ast.expr, str]] = []
    gone: dict[ast.AST, None] = {}
    for statement in [n for n in module.nodes if isinstance(n, ast.stmt)]:
        text = _without(module, modules, statement)
        if text is not None:
            edits.append((statement, text))
            gone.update(dict.fromkeys(ast.walk(statement)))
    for node in module.nodes:
        if node in gone:
            continue
        if isinstance(node, ast.Name) and not _stored(node) and node.id in module.known:
            edits.append((node, _literal(module.known[node.id])))
        elif isinstance(node, ast.Attribute):
            home = module.modules.get(ast.unparse(node.value))
            if home and node.attr in modules[home].known:
                edits.append((node, _literal(modules[home].known[node.attr])))
    for node, text in sorted(edits, key=lambda edit: _start(edit[0]), reverse=True):
        _put(module.lines, node, text.encode())


def _without(module: _Module, modules: dict[str, _Module], statement: ast.stmt) -> str | None:
    """What stays of a statement that defines or imports constants; None for any other."""
    if isinstance(statement, ast.ImportFrom) and statement.module in modules:
        known = modules[statement.module].known
        others = [alias for alias in statement.names if alias.name not in known]
        if len(others) == len(statement.names):
            return None
        words = ", ".join([n.name + (f" as {n.asname}" if n.asname else "") for n in others])
        return f"from {statement.module} import {words}" if others else "pass"
    if statement in module.tree.body and isinstance(statement, ast.Assign):
        (target, *_) = statement.targets
        parts = target.elts if isinstance(target, ast.Tuple) else [target]
        names = [part.id for part in parts if isinstance(part, ast.Name)]
        if len(names) == len(parts) and all(n in module.known and n not in KEPT for n in names):
            return "pass"
    return None


def _literal(value: int) -> str:
    return str(value) if value >= 0 else f"({value})"


def _start(node: ast.stmt | ast.expr) -> tuple[int, int]:
    return node.lineno, node.col_offset


def _put(lines: list[bytes], node: ast.stmt | ast.expr, text: bytes) -> None:
    """Put text in a node's place; the lines that it took stay, empty."""
    first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    tail = lines[last][node.end_col_offset :]
    head = lines[first][: node.col_offset]
    for i in range(first, last):
        lines[i] = b""
    lines[last] = tail.lstrip() if last > first else b""
    lines[first] = head + text + (tail if last == first else b"")
