"""The API holds to its own description: generated requests on a live server over a real station."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi import checks

from ground.api.app import create_app
from ground.api.server import serve
from ground.archive.archive import Archive
from ground.fleet import Fleet
from ground.operations import Operations
from ground.service import Service
from ground.station import Station
from ground.verdict.assessor import Assessor
from hil_tests.e2e.demo_ground import DemoGround
from hil_tests.sim.fake_unit import FakeUnit
from hil_tests.sim.ground_bench import T0, Bench, S

EXAMPLES = 12
TOKEN = "the token of this run"


def can_be_wrong(operation: dict) -> bool:
    """Any text is a right name in a path; numbers, choices and bodies have wrong values."""
    kinds = [p["schema"].get("type") for p in operation.get("parameters", [])]
    return "requestBody" in operation or set(kinds) - {"string"} != set()


RIGHT, WRONG = GenerationMode.POSITIVE, GenerationMode.NEGATIVE
TRIES = [
    (method, path, mode)
    for path, methods in create_app(DemoGround()).openapi()["paths"].items()
    for method, operation in methods.items()
    for mode in (RIGHT, WRONG)
    if mode is RIGHT or can_be_wrong(operation)
]


class Live(threading.Thread):
    """A station that heard a unit which then fell silent, served in a thread of its own."""

    def __init__(self, folder: Path) -> None:
        super().__init__(daemon=True)
        self._folder = folder
        self._ready = threading.Event()
        self._done: asyncio.Event | None = None
        self.url = ""

    def run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._done = asyncio.get_running_loop(), asyncio.Event()
        bench = Bench(self._folder, [FakeUnit()])
        bench.seconds(20)
        bench.kill()  # and up again with the assessor of real stations
        station = Station(Archive(bench.path), Fleet(), Assessor, bench.keys)
        service = Service(station, [], lambda: T0 + bench.now + 100 * S)
        station.start(service.clock())
        service.commit()
        async with serve(create_app(Operations(service), TOKEN)) as self.url:
            self._ready.set()
            await self._done.wait()

    def __enter__(self) -> Live:
        self.start()
        assert self._ready.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._done.set)
        self.join(30)


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with Live(tmp_path_factory.mktemp("station")) as made:
        yield made


@pytest.fixture(scope="module")
def described(live: Live):
    schema = schemathesis.openapi.from_url(f"{live.url}/api/openapi.json")

    @schema.hook
    def map_path_parameters(_, values):
        """Numbers of alarms that may well be there."""
        if values and isinstance(values.get("alarm"), int):
            values["alarm"] %= 3
        return values

    return schema


@pytest.mark.parametrize(("method", "path", "mode"), TRIES)
def test_answers_are_as_described(described, method, path, mode):
    """No 5xx, no status, content type or body that the description does not have."""
    operation = described[path][method]

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case):
        case.call_and_validate(
            headers={"X-Panewatch-Token": TOKEN},
            # 422 also for what no schema says: a clear pane has no length, limits name parameters.
            excluded_checks=[checks.positive_data_acceptance],
        )

    check()
