"""A console of `bench latency`, in a process of its own: notes when each alarm has come.

Its order, one JSON line on standard input, is `{"address", "alarms", "wait_s"}`. It says
"ready" once it has all topics, and `[[onboard time, monotonic µs], …]` when it has so many alarms
of hits, or none has come for `wait_s`.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any, Final

from websockets.sync.client import connect

WORDS: Final = "impact on"
"""With which the alarm of a hit begins."""


def main(order: dict[str, Any]) -> None:
    """Listen until all alarms are here, or none comes any more."""
    address = order["address"].replace("http", "ws", 1) + "/api/live"
    came: dict[int, tuple[str, int]] = {}
    heard_s = time.monotonic()
    with connect(address, max_size=None) as socket:
        ready = False
        while len(came) < order["alarms"] and time.monotonic() - heard_s < order["wait_s"]:
            try:
                message = json.loads(socket.recv(timeout=1))
            except TimeoutError:
                continue
            now_us = time.monotonic_ns() // 1000
            if message["type"] not in ("alarms", "alarm"):
                continue
            told = message["data"]
            for alarm in told if isinstance(told, list) else [told]:
                if alarm["id"] not in came and alarm["what"].startswith(WORDS):
                    came[alarm["id"]] = (alarm["time"], now_us)
                    heard_s = time.monotonic()
            if not ready:
                ready = True
                print("ready", flush=True)
    print(json.dumps(list(came.values())), flush=True)


if __name__ == "__main__":
    main(json.loads(sys.stdin.readline()))
