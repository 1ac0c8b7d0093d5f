"""Sets up .venv, stage by stage: `python3 -m tools.bootstrap core|assets|dev …`.

Runs on the system's Python with nothing but the standard library. A stage that is done costs a few
milliseconds and no network; one that was interrupted is taken up again.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 (an older one must be told, not fail further down)
    print("Panewatch needs Python 3.11 or later, this is", sys.version.split()[0], file=sys.stderr)
    print("Name another one: make run PYTHON=python3.12", file=sys.stderr)
    sys.exit(2)

from tools.bootstrap.errors import StageError
from tools.bootstrap.stages import STAGES


def main(names: list[str]) -> int:
    """Run the stages in order; the exit code of the first that fails."""
    unknown = [name for name in names if name not in STAGES]
    if unknown or not names:
        print(f"stages are {', '.join(STAGES)}, not {unknown or 'none'}", file=sys.stderr)
        return 2
    for name in names:
        try:
            STAGES[name]()
        except StageError as error:
            print(f"{name}: {error}", file=sys.stderr)
            return error.code
        except KeyboardInterrupt:
            print(f"\n{name}: interrupted; the next start goes on from here", file=sys.stderr)
            return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
