"""Takes functions that nobody names out of packages of others: boards need not hold them."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from tools.board.syntax import parse


def without_unused(sources: Mapping[str, str], users: Iterable[str]) -> dict[str, str]:
    """The texts of a package's modules without functions that neither they nor `users` name.

    What a string names stays too, as for getattr. Lines stay where they are. Raises SyntaxError.
    """
    made = dict(sources)
    others = [parse(text) for text in users]
    while True:
        trees = {module: parse(text) for module, text in made.items()}
        named = Counter(name for tree in [*trees.values(), *others] for name in _named(tree))
        pruned = {module: _pruned(made[module], trees[module], named) for module in made}
        if pruned == made:
            return made
        made = pruned


def _named(tree: ast.AST) -> Iterator[str]:
    """Every name that is asked for, as often as it is."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.alias):
            yield node.name
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _pruned(text: str, tree: ast.Module, named: Mapping[str, int]) -> str:
    lines = text.split("\n")
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        within = Counter(_named(node))  # it may call itself
        if node.name.startswith("__") or named[node.name] > within[node.name]:
            continue
        first = min([node.lineno, *[decorator.lineno for decorator in node.decorator_list]])
        count = (node.end_lineno or node.lineno) - first + 1
        lines[first - 1 : first - 1 + count] = [" " * node.col_offset + "pass"] + [""] * (count - 1)
    return "\n".join(lines)
