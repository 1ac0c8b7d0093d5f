"""Coverage-guided fuzzing (atheris): `python -m hil_tests.fuzz [TARGET …] --seconds 60`.

What reaches new code goes into `hil_tests/output/fuzz/TARGET`, with `--keep` into the corpus,
`hil_tests/fuzz/corpus/TARGET`. An input that fails is left in the former as `crash-…`, and
`python -m hil_tests.fuzz TARGET --input FILE` runs it again.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
CORPUS = HERE / "corpus"
OUTPUT = HERE.parent / "output" / "fuzz"
NAMES = (
    "deframer", "framed", "decoder", "command", "station", "scenario", "configuration", "archive",
    "evidence",
)  # fmt: skip
"""Those of targets.py, which is imported only under instrumentation."""
LIMITS = ("-max_len=2048", "-len_control=0", "-timeout=60", "-rss_limit_mb=2048")


def main() -> int:
    """Fuzz each target in a process of its own; the first failure ends it."""
    parser = argparse.ArgumentParser(prog="python -m hil_tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(NAMES))
    parser.add_argument("--seconds", type=int, default=60, help="for each target (default: 60)")
    parser.add_argument("--keep", action="store_true", help="add what is new to the corpus")
    parser.add_argument("--input", type=Path, metavar="FILE", help="run one input again")
    args = parser.parse_args()
    if unknown := set(args.targets) - set(NAMES):
        parser.error(f"no target {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    for name in args.targets or NAMES:
        found, corpus = OUTPUT / name, CORPUS / name
        for folder in (found, corpus):
            folder.mkdir(parents=True, exist_ok=True)
        work = [args.input] if args.input else [corpus] if args.keep else [found, corpus]
        command = [
            sys.executable, "-m", "hil_tests.fuzz.instrumented", name, *LIMITS,
            f"-artifact_prefix={found}/", f"-max_total_time={args.seconds}", *map(str, work),
        ]  # fmt: skip
        print(f"fuzz {name}", flush=True)
        if code := subprocess.run(command, check=False).returncode:
            print(f"fuzz {name}: failed; its input is in {found}", flush=True)
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
