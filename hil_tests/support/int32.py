"""MicroPython's viper on CPython: its source over 32-bit integers that raise on overflow."""

from __future__ import annotations

import ast
import builtins
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

from tools.board.syntax import parse


class Int32(int):
    """A 32-bit signed integer, as viper has them on a board. Raises OverflowError."""

    def __new__(cls, value: int) -> Int32:
        if not -(1 << 31) <= int(value) < 1 << 31:
            raise OverflowError(f"{int(value)} does not fit in 32 bits")
        return super().__new__(cls, value)


def _arithmetic(name: str):
    plain = getattr(int, name)

    def operation(self: int, other: int = 0) -> int:
        result = plain(int(self)) if name == "__neg__" else plain(int(self), int(other))
        return result if result is NotImplemented else Int32(result)

    return operation


for _name in (
    "add", "sub", "mul", "radd", "rsub", "rmul", "and", "rand", "or", "ror", "lshift", "rlshift",
    "rshift", "neg",
):  # fmt: skip
    setattr(Int32, f"__{_name}__", _arithmetic(f"__{_name}__"))


class _Pointer:
    """Memory read without sign, `bits` wide; written by its low bits into a signed array."""

    def __init__(self, memory, bits: int) -> None:
        self._memory, self._bits = memory, bits

    def __getitem__(self, i: int) -> Int32:
        value = self._memory[int(i)]
        # A 32-bit read has the sign that a board's register gives it.
        return Int32(value & 0xFFFF) if self._bits == 16 else Int32(value)

    def __setitem__(self, i: int, value: int) -> None:
        low = int(value) & ((1 << self._bits) - 1)
        self._memory[int(i)] = low - (1 << self._bits) if low >> (self._bits - 1) else low


def load(path: Path) -> SimpleNamespace:
    """The viper functions of a source, each called with plain arrays."""
    tree = parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):  # every number of the source is a machine word
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "int":
            node.func.id = "Int32"

    class Numbers(ast.NodeTransformer):
        def visit_Constant(self, node: ast.Constant) -> ast.AST:
            if not isinstance(node.value, int):
                return node
            call = ast.Call(ast.Name("Int32", ast.Load()), [node], [])
            return ast.copy_location(call, node)

    tree = ast.fix_missing_locations(Numbers().visit(tree))
    fake = ModuleType("micropython")
    fake.viper = lambda function: function
    scope = {
        "Int32": Int32, "ptr16": 16, "ptr32": 32, "__builtins__": builtins,
    }  # fmt: skip
    sys.modules["micropython"] = fake
    try:
        exec(compile(tree, str(path), "exec", dont_inherit=True), scope)
    finally:
        del sys.modules["micropython"]

    def wrapped(function):
        widths = [
            function.__annotations__[n]
            for n in function.__code__.co_varnames[: function.__code__.co_argcount]
        ]

        def call(*arrays):
            return function(*(_Pointer(a, w) for a, w in zip(arrays, widths, strict=True)))

        return call

    return SimpleNamespace(
        **{n: wrapped(f) for n, f in scope.items() if callable(f) and hasattr(f, "__code__")}
    )
