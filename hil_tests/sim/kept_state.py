"""A state of retention with something of everything, as each version of it once wrote it.

`python -m hil_tests.sim.kept_state` writes the one of this version: once a release is made, and
after a change of CHANGES (ground/retention/changes.py) that no release has seen. Those of earlier
releases stay as they are, for archives hold such.
"""

from __future__ import annotations

import random
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from ground.retention.changes import CHANGES
from ground.retention.state import capture
from hil_tests.sim.fake_unit import FakeUnit
from hil_tests.sim.test_retention import STEPS, KeptBench, step

FOLDER: Final = Path(__file__).parent / "kept_states"


def played(folder: Path) -> KeptBench:
    """A station after every kind of step; whoever plays it kills it."""
    bench = KeptBench(folder, [FakeUnit(), FakeUnit(vehicle="sz21", apid=2, key=b"k" * 32)])
    rng = random.Random(11)
    bench.seconds(3)
    for what in STEPS:
        step(bench, what, rng)
    return bench


def main() -> None:
    with TemporaryDirectory() as folder:
        bench = played(Path(folder))
        FOLDER.mkdir(exist_ok=True)
        (FOLDER / f"{len(CHANGES)}.state").write_bytes(capture(bench.station))
        bench.kill()


if __name__ == "__main__":
    main()
