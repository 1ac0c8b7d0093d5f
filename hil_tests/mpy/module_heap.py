"""What importing a program takes of the heap, by module: `module_heap.py NAME` on MicroPython.

Prints `module own all` in bytes, after garbage collection; `all` has what the module imports first.
"""

import builtins
import gc
import sys

COSTS = []
_INSIDE = []
_IMPORT = builtins.__import__


def measured_import(name, *rest):
    if name in sys.modules:
        return _IMPORT(name, *rest)
    gc.collect()
    before = gc.mem_alloc()
    _INSIDE.append(0)
    module = _IMPORT(name, *rest)
    gc.collect()
    taken = gc.mem_alloc() - before
    COSTS.append((taken - _INSIDE.pop(), taken, name))
    if _INSIDE:
        _INSIDE[-1] += taken
    return module


def main(name):
    builtins.__import__ = measured_import
    measured_import(name)
    for own, taken, module in sorted(COSTS, reverse=True):
        print(module, own, taken)


if __name__ == "__main__":
    main(sys.argv[1])
