"""When S0 arrives: for bursts so far over full scale that A0 cannot be told from it any more.

S0, which stretches the plate, is ahead of A0, which bends it, wherever the source, and some 20 dB
weaker: in such a burst, whose A0 is 3 dB and more over full scale, still far over the noise. So its
arrival is a crossing of a level far over the noise and far below full scale. That it is S0's is
inferred, not measured: its first band would have to be 51 dB below A0 to stay under that level.
"""

LEVEL = 128  # codes, 48 dB under full scale: 92 dB_AE at 0 dB gain


def pick_stretch(samples, first, end):
    """Index of the crossing by S0 in samples[first:end] of an overdriven burst, or -1."""
    at = first
    while at < end and -LEVEL < samples[at] < LEVEL:
        at += 1
    return at if at < end else -1
