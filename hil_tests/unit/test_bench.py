"""The ground's benchmarks run in small, check what they measure, and give every figure.

How fast it is hangs on the machine and on who shares it: `panewatch bench` tells that, no test.
"""

import json

import pytest

from tools.bench import retention
from tools.bench.result import Result
from tools.cli.bench import _show
from tools.cli.main import main

FIGURES = {
    "ingest": {
        "packets_per_s", "packets_per_cpu_s", "mqtt_packets_per_s", "mixed_packets_per_s",
        "singly_packets_per_s",
        "rebuild_packets_per_s", "decode_packets_per_s",
    },
    "history": {
        "query_ms", "first_query_ms", "hour_ms", "newest_ms", "points", "bytes_per_packet",
    },
    "latency": {
        f"{transport}{rate}_{figure}"
        for transport in ("serial", "mosquitto", "amqtt")
        for rate in ("", "_2000")
        for figure in ("p50_ms", "p99_ms", "max_ms", "sent_p99_ms", "batch_packets")
    } | {"hit_wire_ms"},
    "retention": {
        "packets_dropped", "state_kb", "snapshot_ms", "begin_ms", "turn_p50_ms", "turn_max_ms",
        "turns", "tick_p50_ms",
    },
    "soak": {
        "packets", "packets_per_s", "rss_start_mb", "rss_before_mb", "rss_after_mb", "rss_peak_mb",
        "growth_bytes_per_packet", "archive_mb",
    },
}  # fmt: skip
PEERS = {
    "ingest": {
        "construct", "construct_compiled", "spacepackets", "ccsdspy_without_crc", "struct",
        "struct_and_crc", "bare_loop",
    },
    "history": {"every_packet_decoded"},
    "latency": set(),
    "retention": set(),
    "soak": set(),
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "packets"),
    [("ingest", 4000), ("history", 40_000), ("soak", 4000)],
)
def test_it_measures_in_small(capsys, name, packets):
    assert main(["bench", name, "--packets", str(packets), "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["bench"] == name
    assert set(made["figures"]) == FIGURES[name]
    assert set(made["peers"]) == PEERS[name]
    values = dict(made["figures"])
    values.pop("growth_bytes_per_packet", None)  # memory may well be given back
    assert all(v > 0 for v in values.values())
    assert all(v > 0 for peer in made["peers"].values() for v in peer.values())


def test_retention_is_measured_in_small(capsys, monkeypatch):
    monkeypatch.setattr(retention, "UNITS", 1)
    monkeypatch.setattr(retention, "TAIL_S", 60)
    monkeypatch.setattr(retention, "STORED_S", 300)
    test_it_measures_in_small(capsys, "retention", 9600)


@pytest.mark.mosquitto
@pytest.mark.timeout(300)
def test_every_alarm_of_the_latency_bench_comes(capsys):
    test_it_measures_in_small(capsys, "latency", 3)


def test_ratios_stand_beside_the_peers(capsys):
    assert main(["bench", "history", "--packets", "2000"]) == 0
    assert "query_ms" in capsys.readouterr().out


def test_figures_stand_below_each_other_however_long_a_name(capsys):
    _show(Result("x", {"short_ms": 1.0}, {"a peer of a very long name": {"short_ms": 20.0}}))
    ours, theirs = capsys.readouterr().out.splitlines()
    assert len(ours) == theirs.index(" 20") + len(" 20")


def test_a_number_where_there_is_none_is_refused(capsys):
    assert main(["bench", "detector", "--packets", "5"]) == 2
    assert "has no number of packets" in capsys.readouterr().err


@pytest.mark.parametrize("number", ["0", "many", "-3"])
def test_a_wrong_number_is_refused(capsys, number):
    with pytest.raises(SystemExit) as left:
        main(["bench", "ingest", "--packets", number])
    assert left.value.code == 2
    assert capsys.readouterr().err
