"""The telemetry of five scenarios by its digest: `python -m hil_tests.mpy.golden` writes it anew.

Do that when what units say has changed on purpose; the runtimes' tests compare with the file.
"""

from __future__ import annotations

import sys
import tempfile
import tomllib
from hashlib import sha256
from pathlib import Path

from protocol.schema.decode import Decoded
from protocol.wire.tables import SCHEMA_HASH
from tools.scenario.load import load
from tools.sim.telemetry import join, merge
from tools.sim.units import run_units

FILE = Path(__file__).with_name("golden.toml")
SCENARIOS = ("quiet", "impact", "leak", "thermal", "everything")
COMMAND = "python -m hil_tests.mpy.golden"


def digest(packets: list[Decoded]) -> str:
    """SHA-256 of what would be telemetry.bin."""
    return sha256(join(packets)).hexdigest()


def golden() -> dict[str, str]:
    """The digest that each scenario must give on every runtime."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))["sha256"]


def main() -> int:
    """Run all on CPython and write the file."""
    lines = [
        f"# Digests of telemetry.bin, which every runtime must give: {COMMAND} writes them.",
        f'schema = "{SCHEMA_HASH:08x}"',
        "",
        "[sha256]",
    ]
    for name in SCENARIOS:
        with tempfile.TemporaryDirectory(prefix="panewatch-") as folder:
            made = merge(run_units(load(name), Path(folder), "cpython", lambda *_: None))
        lines.append(f'{name} = "{digest(made)}"')
    FILE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"written: {FILE.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
