"""One persisted integer: the boot id, the command counter. Each is in two files, one after the
other, so that damage to one, or a power cut between them, loses nothing."""

COPY = ".copy"
_DIGITS = 16  # more than a number has: a longer content is too large by itself


def load(files, name, highest):
    """([the numbers 0 … highest that its files hold, newest first], whether a file is damaged)."""
    numbers = []
    damaged = False
    try:
        names = files.names()
    except OSError:
        names = []
    for file in (name, name + COPY):
        if file not in names:
            continue
        try:
            data = files.read(file, 0, _DIGITS)
        except OSError:
            data = b""
        if data.isdigit() and int(data) <= highest:
            numbers.append(int(data))
        else:
            damaged = True
    return numbers, damaged


def save(files, name, value):
    """Store a number; raises OSError."""
    for file in (name, name + COPY):
        files.replace(file, b"%d" % value)
