"""Python sources as trees."""

from __future__ import annotations

import ast
import gc


def parse(text: str, name: str = "<unknown>") -> ast.Module:
    """The tree of a module's text; raises SyntaxError.

    Without garbage collection: a finaliser that parses too, as the text of an unhandled exception
    does, makes Python 3.11 raise a SystemError here (python/cpython#106905).
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        return ast.parse(text, name)
    finally:
        if collects:
            gc.enable()
