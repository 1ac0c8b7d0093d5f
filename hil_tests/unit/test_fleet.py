"""The vehicle tables of a scenario file, read strictly."""

import math

import pytest

from ground.fleet import Fleet, FleetError
from ground.model import UnitKey

TABLES = {
    "vehicle": [
        {"id": "sz20", "name": "Shenzhou-20", "role": "return", "docked": "tiangong",
         "window": [{"id": "w1"}, {"id": "w2", "apid": 9, "thickness_mm": [15, 12, 12]}]},
        {"id": "tiangong", "role": "station", "cabin_volume_m3": 110, "window": [{"id": "w1"}]},
    ]
}  # fmt: skip


def test_defaults_and_apids_in_file_order() -> None:
    fleet = Fleet.from_dict(TABLES)
    assert [(v.id, w.id, w.apid) for v in fleet.vehicles for w in v.windows] == [
        ("sz20", "w1", 1),
        ("sz20", "w2", 9),
        ("tiangong", "w1", 3),
    ]
    window = fleet.window(UnitKey("sz20", "w1"))
    assert window is not None
    assert (window.radius_mm, window.ring_mm, window.thickness_mm) == (130, 120, (14, 12, 12))
    assert window.vented == (True, False)
    assert window.sensors[1] == pytest.approx((60, 120 * math.sin(math.pi / 3)))
    vehicle = fleet.vehicle("sz20")
    assert vehicle is not None
    assert vehicle.reentry_delta_k == 300


def test_tables_come_back() -> None:
    fleet = Fleet.from_dict(TABLES)
    assert Fleet.from_dict(fleet.to_dict()) == fleet


def test_a_unit_that_nobody_configured() -> None:
    fleet = (
        Fleet.from_dict(TABLES).with_unit(UnitKey("bench", "w7")).with_unit(UnitKey("sz20", "w3"))
    )
    bench = fleet.vehicle("bench")
    assert bench is not None
    assert not bench.has_return_status
    assert fleet.window(UnitKey("sz20", "w3")) is not None
    assert fleet.with_unit(UnitKey("sz20", "w3")) is fleet
    assert Fleet.from_dict(fleet.to_dict()) == fleet


@pytest.mark.parametrize(
    ("vehicle", "words"),
    [
        ({"id": "a", "role": "return", "seat": 3}, 'unknown key "seat"; did you mean "seats"?'),
        ({"id": "a", "role": "tug"}, "role: must be one of return, station, rescue"),
        ({"id": "A b", "role": "return"}, "id: must be 1 to 16"),
        ({"role": "return"}, 'missing key "id"'),
        ({"id": "a", "role": "return", "docked": "b"}, 'no vehicle "b"'),
        ({"id": "a", "role": "return", "cabin_volume_m3": float("nan")}, "cabin_volume_m3"),
        ({"id": "a", "role": "return", "window": {}}, "array of tables"),
        ({"id": "a", "role": "return", "window": [{"id": "w"}, {"id": "w"}]}, "is taken"),
        ({"id": "a", "role": "return", "window": [{"id": "w", "ring_mm": 140}]}, "outside"),
        ({"id": "a", "role": "return", "window": [{"id": "w", "vented": [1, 0]}]}, "true or false"),
        (
            {
                "id": "a",
                "role": "return",
                "window": [{"id": "w", "apid": 5}, {"id": "x", "apid": 5}],
            },
            "apid 5 is taken by a/w",
        ),
    ],
)
def test_bad_tables_are_named(vehicle: dict[str, object], words: str) -> None:
    with pytest.raises(FleetError) as caught:
        Fleet.from_dict({"vehicle": [vehicle]})
    assert words in str(caught.value)
