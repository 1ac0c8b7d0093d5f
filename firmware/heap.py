"""Keeps a small MicroPython heap in one piece; a program imports this before all else.

Left alone, the collector runs when the heap is full, and by then live code lies scattered all over
it: with 100 KB of 200 free, no 8 KB are in one piece. Collecting each 8 KB leaves 50 KB in one.
"""

import gc

if hasattr(gc, "threshold"):
    gc.threshold(8192)
