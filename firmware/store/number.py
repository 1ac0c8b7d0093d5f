"""One persisted integer a file: the boot id, the command counter."""


def load(files, name):
    """The stored number; 0 when there is none that can be read."""
    try:
        return int(files.read(name, 0, 16))
    except (OSError, ValueError):
        return 0


def save(files, name, value):
    """Store a number; raises OSError."""
    files.replace(name, b"%d" % value)
