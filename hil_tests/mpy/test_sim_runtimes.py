"""The same scenario gives the same telemetry bytes on every runtime."""

import json
import subprocess
from hashlib import sha256
from pathlib import Path

import pytest

from hil_tests.mpy.golden import COMMAND, SCENARIOS, digest, golden
from hil_tests.support import programs
from tools.scenario.compile import write_config
from tools.scenario.load import load
from tools.sim.telemetry import join, merge
from tools.sim.units import run_units


@pytest.mark.micropython
@pytest.mark.wasm
@pytest.mark.parametrize("name", SCENARIOS)
def test_equal_bytes(name: str, tmp_path: Path) -> None:
    scenario = load(name)
    made = {
        runtime: merge(run_units(scenario, tmp_path / runtime, runtime, lambda *_: None))
        for runtime in ("cpython", "micropython")
    }
    made["webassembly"] = merge(
        [_on_wasm(write_config(scenario, u, tmp_path, "none", tmp_path)) for u in scenario.units]
    )
    digests = {runtime: digest(packets) for runtime, packets in made.items()}
    assert len(set(digests.values())) == 1, digests
    assert digests["cpython"] == golden()[name], (
        f"{name}: units say something else than before; if that is meant: {COMMAND}"
    )
    assert len(made["cpython"]) > 100


@pytest.mark.wasm
def test_the_32_bit_webassembly_port_gives_the_digest_that_sim_prints(
    run_panewatch, tmp_path: Path
) -> None:
    scenario = load("shenzhou20")
    made = [_on_wasm(write_config(scenario, u, tmp_path, "none", tmp_path)) for u in scenario.units]
    sim = run_panewatch("sim", "shenzhou20", "--json", cwd=tmp_path)
    assert sim.wait(60) == 0
    assert sha256(join(merge(made))).hexdigest() == json.loads(sim.output)["sha256"]


def _on_wasm(config: Path) -> bytes:
    values = json.loads(config.read_text())
    table = values["table"]
    config.write_text(json.dumps(values | {"table": "/table.json"}))
    here, out = Path(__file__).parent, config.with_suffix(".bin")
    subprocess.run(
        [programs.node(), here / "wasm_sim.mjs", here.parents[1], config, table, out],
        check=True, timeout=100,
    )  # fmt: skip
    return out.read_bytes()
