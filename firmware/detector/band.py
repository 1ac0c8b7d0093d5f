"""Band-pass 80–200 kHz at 2.5 MS/s, whose answer begins with what it answers to.

A minimum-phase filter of 41 taps in Q12, made from a Kaiser window (β 4) of 81 taps between 75 and
215 kHz: −2.4 dB at 80 kHz, −1.2 dB at 200, −23 dB at 30 and −25 dB at 300 (a test measures it). The
sum of all taps' sizes, 6306, times 32767 stays within 31 bits.
"""

TAPS = (
    166, 237, 309, 348, 335, 262, 133, -35, -214, -372, -481, -518, -480, -375, -226, -63, 83, 187,
    237, 233, 188, 121, 55, 7, -13, -5, 22, 56, 83, 94, 86, 61, 27, -8, -34, -46, -45, -34, -18,
    -4, 5,
)  # fmt: skip
