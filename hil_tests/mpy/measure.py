"""What budgets.toml holds, measured: `python -m hil_tests.mpy.measure` prints all of it.

With `modules` it prints instead what each module of the compiled firmware takes of the heap.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from struct import unpack

from firmware.sim import simulate
from firmware.store.files import FolderFiles
from firmware.store.recorder import Recorder
from firmware.store.segment import HOUSEKEEPING
from hil_tests.mpy.broker_thread import BrokerThread
from hil_tests.support import programs
from protocol.wire import frame, tables, tm
from tools.board.files import write_board_files
from tools.board.mpy import compile_folder
from tools.scenario.compile import event_table
from tools.scenario.load import load
from tools.sim.runtime import command, compiled, micropython

HERE = Path(__file__).parent
IMPACT = [15_000_000, "impact", 0, 95_000, -62_000, 250, 10_000_000, 2700, 0]
PICO = 6 | 3 << 8 | 4 << 10  # sys.implementation._mpy: version 6.3 with code of ARMv6-M
PROGRAM = ("budget_unit.py", "fake_net.py", "scripted_broker.py")
ENOUGH_BYTES = 1 << 20
STEP_BYTES = 2048
LEAST_MESSAGES = 20
KEPT = tables.TM_HOUSEKEEPING
HOUR_US = 3_600_000_000


def sources(folder: Path) -> Path:
    """A board's folder with the MQTT client, a full recorder and the program that measures."""
    key = folder / "made.key"
    key.write_bytes(bytes(32))
    scenario = load("quiet")
    unit = scenario.units[0]
    made = folder / "sources"
    write_board_files(scenario, unit, key, made, link="mqtt://127.0.0.1")
    table = event_table(scenario, unit) | {"events": [IMPACT]}
    (made / "table.json").write_text(json.dumps(table))
    for name in PROGRAM:
        shutil.copy(HERE / name, made)
    fill(made / "store", json.loads((made / "unit.json").read_text())["store_bytes"])
    return made


def fill(store: Path, capacity_bytes: int) -> int:
    """Fill a recorder with housekeeping of boot 1; returns the number of records."""
    recorder = Recorder(FolderFiles(str(store)), capacity_bytes)
    buffer = bytearray(frame.MAX_PACKET)
    body = (0,) * len(unpack(tables.TM_FORMAT[KEPT], bytes(tables.TM_BODY_SIZE[KEPT])))
    record = 0
    while recorder.used_bytes < capacity_bytes - 200:
        size = tm.pack(buffer, KEPT, 1, 0, 0, 0, 0, recorder.boot, record, body)
        recorder.append(bytes(buffer[:size]), HOUSEKEEPING, 0)
        record += 1
    recorder.flush()
    return record


def on_unix(made: Path, folder: Path) -> dict[str, int]:
    """On the unix port, of 64-bit words: live bytes, allocations, and the smallest heap."""
    asked = [str(micropython()), "-c", "import sys; print(sys.implementation._mpy)"]
    abi = int(subprocess.run(asked, capture_output=True, text=True, check=True).stdout)
    compile_folder(made, folder / "unix", abi)
    words = _run_unix(folder, ENOUGH_BYTES)
    assert words is not None, "the unit does not run in 1 MB"
    low, high = 0, ENOUGH_BYTES // STEP_BYTES  # fails in the first, runs in the second
    while high - low > 1:
        middle = (low + high) // 2
        if _run_unix(folder, middle * STEP_BYTES) is None:
            low = middle
        else:
            high = middle
    figures = _figures(words)
    live = {"live_64_bit_bytes": figures.pop("live_bytes")}
    return {"heap_64_bit_bytes": high * STEP_BYTES, **live, **figures}


def _run_unix(folder: Path, heap_bytes: int) -> str | None:
    """What the unit says in a heap, with the recorder as it was; None when that is too small."""
    run = folder / "run"
    shutil.rmtree(run, ignore_errors=True)
    shutil.copytree(folder / "unix", run)
    program = "import budget_unit; budget_unit.main('.')"
    with BrokerThread() as broker:
        config = run / "unit.json"
        link = f"mqtt://127.0.0.1:{broker.port}"
        config.write_text(json.dumps(json.loads(config.read_text()) | {"link": link}))
        done = subprocess.run(
            [*command("micropython", heap_bytes), "-c", program],
            cwd=run, env={"MICROPYPATH": ":lib:.frozen"},
            capture_output=True, text=True, timeout=100, check=False,
        )  # fmt: skip
    said = done.stdout + done.stderr
    assert done.returncode == 0 or "MemoryError" in said or "memory" in said, said
    if done.returncode:
        return None
    assert broker.messages > LEAST_MESSAGES, f"the broker got {broker.messages} messages: {said}"
    return done.stdout


def on_wasm(made: Path, folder: Path) -> dict[str, int]:
    """On WebAssembly, of 32-bit words as a board's: live bytes.

    What it allocates says nothing of a board: it has no machine code, and so makes large integers.
    """
    node = programs.node()
    assert node is not None
    asked = subprocess.run(
        [node, str(HERE / "wasm_budget.mjs")], capture_output=True, text=True, check=True
    )
    compile_folder(made, folder / "wasm", int(asked.stdout))
    done = subprocess.run(
        [node, str(HERE / "wasm_budget.mjs"), str(folder / "wasm")],
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return {"live_32_bit_bytes": _figures(done.stdout)["live_bytes"]}


def _figures(words: str) -> dict[str, int]:
    """The `name bytes` lines of budget_unit.py."""
    return {name: int(number) for name, number in (line.split() for line in words.splitlines())}


def compiled_size(made: Path, folder: Path) -> dict[str, int]:
    """The firmware's .mpy on a Pico, without packages of others."""
    compile_folder(made, folder / "pico", PICO)
    ours = [
        path
        for name in ("firmware", "protocol")
        for path in (folder / "pico" / name).rglob("*.mpy")
    ]
    return {"mpy_bytes": sum(path.stat().st_size for path in ours)}


def quiet_hour() -> dict[str, int]:
    """Bytes on a serial line in an hour without an event."""
    scenario = load("quiet")
    table = event_table(scenario, scenario.units[0]) | {"events": [], "duration_us": HOUR_US}
    packets: list[bytes] = []
    config = {"version": 1, "vehicle": "v", "unit": "w1", "apid": 1, "table": ""}
    simulate(config, table, packets.append)
    return {"quiet_hour_bytes": sum(len(frame.encode(packet)) for packet in packets)}


def main() -> int:
    """Print every figure as budgets.toml has it, or the modules' heap."""
    if sys.argv[1:] == ["modules"]:
        program = [HERE / "module_heap.py", "firmware.__main__"]
        environment = {"MICROPYPATH": f"{compiled()}:.frozen"}
        subprocess.run([str(micropython()), *program], env=environment, check=True)
        return 0
    with tempfile.TemporaryDirectory(prefix="panewatch-") as name:
        folder = Path(name)
        made = sources(folder)
        figures = on_unix(made, folder) | on_wasm(made, folder) | compiled_size(made, folder)
    for figure, value in (figures | quiet_hour()).items():
        print(f"{figure} = {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
