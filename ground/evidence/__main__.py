"""`python -m ground.evidence ARCHIVE ALARM WHEN`: the bundle on standard output.

A running station has it made by a process of its own, so that no live alarm waits for it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from ground.archive.errors import ArchiveError
from ground.evidence.errors import EvidenceError, NoSuchAlarmError
from ground.evidence.gather import bundle_of

NO_SUCH_ALARM: Final = 3
REFUSED: Final = 4


def main(path: Path, alarm: int, when: str) -> int:
    """Exit code; what cannot be is one line on standard error."""
    try:
        sys.stdout.buffer.write(bundle_of(path, alarm, when))
    except NoSuchAlarmError as error:
        return _say(error, NO_SUCH_ALARM)
    except (EvidenceError, ArchiveError) as error:
        return _say(error, REFUSED)
    return 0


def _say(error: Exception, code: int) -> int:
    print(error, file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
