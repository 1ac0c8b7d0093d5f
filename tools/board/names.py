"""Gives private names of a board's sources short ones, which the modules share.

MicroPython keeps each name once, in a table that doubles: `_a` in forty modules is one entry. What
a module keeps to itself nobody asks for by name, and exceptions tell files and lines.
"""

from __future__ import annotations

import ast
import io
import re
from collections.abc import Iterator, Mapping
from itertools import count, product
from string import ascii_lowercase
from tokenize import NAME, generate_tokens
from typing import Final

from tools.board.syntax import parse

_PRIVATE: Final = re.compile(r"_[A-Za-z]\w+")


def shorten(sources: Mapping[str, str]) -> dict[str, str]:
    """The texts of these modules (by their dotted names) with short private names.

    A name stays when two modules have it, or when a string is it or its beginning: something may
    ask for it then. Raises SyntaxError.
    """
    trees = {module: parse(text, module) for module, text in sources.items()}
    names = {module: set(_names(text)) for module, text in sources.items()}
    asked = {text for tree in trees.values() for text in _asked_for(tree)}
    kept = tuple(text for text in asked if _PRIVATE.fullmatch(text))
    used = set().union(*names.values())
    short: dict[str, dict[str, str]] = {module: {} for module in sources}
    for family in _families(trees):
        fresh = (name for name in _short_names() if name not in used)
        for module in family:
            others = set().union(*[found for other, found in names.items() if other != module])
            own = names[module] - others - set(_imported(trees[module]))
            for name in sorted(own):
                if _PRIVATE.fullmatch(name) and not name.startswith(kept):
                    short[module][name] = next(fresh)
    return {module: _renamed(text, short[module]) for module, text in sources.items()}


def _tokens(text: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """Each name with its line, from 1, and its column."""
    for token in generate_tokens(io.StringIO(text).readline):
        if token.type == NAME:
            yield token.string, token.start


def _names(text: str) -> Iterator[str]:
    return (name for name, _ in _tokens(text))


def _asked_for(tree: ast.Module) -> Iterator[str]:
    """Strings, as of getattr, and what stands in f-strings, which are left as they are."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            for part in ast.walk(node):
                if isinstance(part, ast.Name):
                    yield part.id
                elif isinstance(part, ast.Attribute):
                    yield part.attr


def _imported(tree: ast.Module) -> Iterator[str]:
    """What import statements ask for."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield from (node.module or "").split(".")
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                yield from alias.name.split(".")


def _families(trees: Mapping[str, ast.Module]) -> list[list[str]]:
    """The modules, those together whose classes inherit from each other: they share attributes."""
    imports = {module: _imports(tree) for module, tree in trees.items()}
    family = {module: [module] for module in trees}
    for module, tree in trees.items():
        for node in ast.walk(tree):
            for base in node.bases if isinstance(node, ast.ClassDef) else ():
                home = _home(ast.unparse(base), module, imports)
                if family.get(home, family[module]) is not family[module]:
                    family[module] += family[home]
                    for member in family[home]:
                        family[member] = family[module]
    return list({id(members): members for members in family.values()}.values())


def _imports(tree: ast.Module) -> dict[str, tuple[str, str]]:
    """(module, name in it) by the name here; the second is empty for a whole module."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                found[alias.asname or alias.name] = (node.module, alias.name)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                found[alias.asname or alias.name] = (alias.name, "")
    return found


def _home(name: str, module: str, imports: Mapping[str, dict[str, tuple[str, str]]]) -> str:
    """The module in which a class is defined that has this name in `module`."""
    while module in imports:
        head, _, rest = name.rpartition(".")
        if head in imports[module]:  # module.Class
            parent, leaf = imports[module][head]
            module, name = f"{parent}.{leaf}" if leaf else parent, rest
        elif name in imports[module]:
            module, name = imports[module][name]
        else:
            break
    return module


def _short_names() -> Iterator[str]:
    for length in count(1):
        for letters in product(ascii_lowercase, repeat=length):
            yield "_" + "".join(letters)


def _renamed(text: str, short: Mapping[str, str]) -> str:
    lines = text.split("\n")
    for name, (line, column) in reversed(list(_tokens(text))):
        if name in short:
            old = lines[line - 1]
            lines[line - 1] = old[:column] + short[name] + old[column + len(name) :]
    return "\n".join(lines)
