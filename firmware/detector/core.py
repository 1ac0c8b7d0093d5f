"""The detector's inner loops: machine code where MicroPython makes it, else plain Python.

Their arguments and results are in one array of 32-bit integers, BLOCK:

- `measure(samples, BLOCK)`: begin, end, threshold code, PDT, HDT (samples) → 5 first crossing (end:
  none), 6 peak, 7 its index, 8 last crossing, 9 counts, 10 and 11 sum of squares up to the last
  crossing as high · 2^30 + low.
- `band_pass(samples, out, TAPS, BLOCK)`: begin, end, number of taps; samples must reach back by so
  many before begin.
- `onset(wave, LOGS, BLOCK)`: begin, end (at most 150 apart), shift that leaves 11 bits and a sign,
  variance floor → index of the least AIC.
"""

from array import array

from firmware.detector import band, logs

try:
    from firmware.detector.core_viper import band_pass, measure, onset
except (ImportError, SyntaxError):  # CPython; a MicroPython without a code emitter
    from firmware.detector.core_plain import band_pass, measure, onset

BLOCK = array("i", (0 for _ in range(12)))
TAPS = array("h", band.TAPS)
LOGS = logs.table()

__all__ = ["BLOCK", "LOGS", "TAPS", "band_pass", "measure", "onset"]
