"""Elementary functions in integers: the same digits on every Python, with or without floats."""

_ONE_Q30 = 1 << 30
_ONE_Q32 = 1 << 32
_HALF_PI_Q30 = 1686629713
_LN2_Q32 = 2977044472
_LN10_Q32 = 9889527671
_NOTHING_LEFT = 64  # halvings after which Q32 has no bits


def isqrt(n):
    """Largest integer whose square is at most `n` (Newton's method from above)."""
    if n < 2:
        return n
    root = 1
    while root * root <= n:
        root <<= 1
    while True:
        better = (root + n // root) >> 1
        if better >= root:
            return root
        root = better


def log2_q16(n):
    """log2(n) in Q16, rounded down, for n >= 1: one bit of the fraction a squaring."""
    exponent = 30
    while n >= 1 << 31:
        n >>= 1
        exponent += 1
    while n < _ONE_Q30:
        n <<= 1
        exponent -= 1
    for _ in range(16):
        n = n * n >> 30
        exponent <<= 1
        if n >= 1 << 31:
            n >>= 1
            exponent |= 1
    return exponent


def centi_db(n):
    """20·log10(n) in 0.01 dB for n >= 1."""
    return (log2_q16(n) * 60206 // 100 + 0x8000) >> 16


def sine_q30(phase):
    """Sine in Q30 of `phase`, where 2^32 is a full turn; error below 1e-7 (Taylor to x^11)."""
    rest = phase & 0x3FFFFFFF
    if phase & 0x40000000:
        rest = _ONE_Q30 - rest
    x = rest * _HALF_PI_Q30 >> 30
    square = x * x >> 30
    series = _ONE_Q30
    for divisor in (110, 72, 42, 20, 6):
        series = _ONE_Q30 - (square * series >> 30) // divisor
    value = x * series >> 30
    return -value if phase & 0x80000000 else value


def cosine_q30(phase):
    """Cosine in Q30 of `phase`, where 2^32 is a full turn."""
    return sine_q30(phase + _ONE_Q30)


def decay_q32(x_q32):
    """e^(−x) in Q32 for x >= 0 in Q32; error below 1e-8."""
    halvings, rest = divmod(x_q32, _LN2_Q32)
    if halvings >= _NOTHING_LEFT:
        return 0
    series = _ONE_Q32
    for k in range(12, 0, -1):
        series = _ONE_Q32 - (rest * series >> 32) // k
    return series >> halvings


def amplitude_nv(cdb):
    """The amplitude in nV of a level in 0.01 dB_AE (20·log10 of µV)."""
    tens, rest = divmod(cdb, 2000)
    whole = 1000
    for _ in range(tens):
        whole *= 10
    return (whole << 32) // decay_q32(rest * _LN10_Q32 // 2000)
