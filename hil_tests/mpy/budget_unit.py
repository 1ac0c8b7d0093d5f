"""What measure.py runs on MicroPython: a unit with all that a board holds at once.

`main(FOLDER)` steps a unit through FOLDER/table.json, in which an impact comes at IMPACT_US, and
prints `name bytes` lines. Its packets go by the firmware's own MQTT link to a broker that
acknowledges each; the impact's capture stays while its waveforms are sent. On WebAssembly, which
collects garbage only between two calls from outside, wasm_budget.mjs does what `main` does, and
fake_net.py is the network.
"""

import firmware.heap

# isort: split
import firmware.sensors.capture

# isort: split
import asyncio
import gc
import json
import sys

import firmware.app  # noqa: F401 - a live unit has it
from firmware.boards.this import this_board
from firmware.links.mqtt_board import UNACKNOWLEDGED
from firmware.session import Session
from firmware.settings import Settings
from firmware.store.files import FolderFiles

STEP_US = 20_000
QUIET_US = 5_000_000
IMPACT_US = 15_000_000
END_US = 25_000_000  # 60 KB of waveforms take longer: the capture is still pending


def sleep(_):
    """In place of asyncio's: a coroutine that sleeps waits for its next turn."""
    yield


def load(path):
    with open(path) as file:
        return json.load(file)


def allocated(work, *arguments):
    """Bytes of heap that a call takes, whether or not it keeps them."""
    gc.disable()
    before = gc.mem_alloc()
    work(*arguments)
    taken = gc.mem_alloc() - before
    gc.enable()
    return taken


def trial(folder, figures):
    """Step a unit, and yield each second; fills `figures`."""
    asyncio.sleep = sleep
    settings = Settings(load(folder + "/unit.json"))
    files = FolderFiles(settings.store)
    board = this_board()
    link = board.open_link(settings)
    session = Session(settings, board, load(settings.table), files, link.send)
    connection = link._stay_connected(session.unit.receive)
    unit = session.unit
    most = 0  # messages under way
    for tick_us in range(0, END_US, STEP_US):
        if tick_us == QUIET_US:
            figures["sample_alloc_bytes"] = allocated(sample, unit)
        elif tick_us == QUIET_US + STEP_US:
            figures["step_alloc_bytes"] = allocated(session.step, tick_us)
        elif tick_us >= IMPACT_US and not unit._hits.impacts:
            unit._window.advance(tick_us)
            ready = unit._window.capture()  # made by the simulation, on a board by its converter
            if ready:
                unit._window.capture = hand_out([ready])
                figures["hit_alloc_bytes"] = allocated(unit._hits.step)
        session.step(tick_us)
        connection.send(None)
        most = max(most, link._unacknowledged)
        if tick_us % 1_000_000 == 0:
            yield
    assert unit._hits.impacts == 1, "one impact"
    assert unit._window.kept is not None, "the capture is pending"
    assert link._connected, "the broker is there"
    assert most == UNACKNOWLEDGED, "messages were under way"


def hand_out(captures):
    return lambda: captures.pop() if captures else None


def sample(unit):
    """What a second's pressure sample costs: reading, pool, monitors."""
    unit._pool.sample()
    unit._monitoring.check()


def main(folder):
    figures = {"live_bytes": 0}
    for _ in trial(folder, figures):
        gc.collect()
        figures["live_bytes"] = max(figures["live_bytes"], gc.mem_alloc())
    for name, value in figures.items():
        print(name, value)


if __name__ == "__main__":
    main(sys.argv[1])
