"""One live unit: `python -m firmware CONFIG.json`, and the same with micropython."""

import firmware.heap  # noqa: F401 - first: it governs where the others' code goes

# isort: split
import firmware.sensors.capture  # noqa: F401 - its 30 KB while the heap is in one piece

# isort: split
import sys

from firmware.errors import ConfigError
from firmware.start import Start


def main(arguments):
    """Exit code of `firmware CONFIG.json`."""
    if len(arguments) != 1:
        print("usage: firmware CONFIG.json", file=sys.stderr)
        return 2
    try:
        start = Start(arguments[0])
    except ConfigError as error:
        print("firmware: %s: %s" % (arguments[0], error), file=sys.stderr)
        return 2
    except MemoryError:
        print("firmware: %s: the heap is too small" % arguments[0], file=sys.stderr)
        return 1
    return start.run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
