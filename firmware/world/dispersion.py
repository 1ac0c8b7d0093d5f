"""How plate waves travel in a 14 mm pane of fused silica: group velocities by frequency.

From the Rayleigh-Lamb equations (E 72.7 GPa, ν 0.17, ρ 2203 kg/m³). A source is a few narrow bands
of either mode, each at its own speed: A0 at 100–200 kHz, where an impact has most of its energy,
and S0 at 60–100 kHz, which is ahead of it.
"""

NOMINAL_MM_S = 3690000  # of A0; a window's own velocity stretches all of the table
WEIGHT_BITS = 10

# (kHz, group velocity in mm/s, share of the burst's amplitude in 1/1024). A0's bands together peak
# at 1, for they do not crest at one time. What strikes a plate from outside bends it: S0, which
# stretches it, is taken to be 20 dB below A0.
MODES = (
    (100, 3702000, 277),
    (150, 3711000, 553),
    (200, 3671000, 277),
    (60, 5797000, 26),
    (80, 5771000, 51),
    (100, 5720000, 26),
)
S0 = 4  # that one of the table by which S0 arrives: its strongest
REFLECTED = (150, 3711000, 610)  # an edge gives back A0 with a loss of 4.5 dB
