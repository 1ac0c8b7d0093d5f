"""What a unit knows by number: the parameters of its pool, and its settings.

ST[03] and ST[12] name pool parameters, ST[20] settings. Numbers are never used again for another
meaning.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class PoolParameter:
    """A value that the unit holds each second. Engineering value = raw * scale, in `unit`."""

    number: int
    name: str
    summary: str
    unit: str = ""
    scale: float = 1.0


@dataclass(frozen=True)
class Setting:
    """A value that an operator may change, low … high, kept over a reboot; raw integers."""

    number: int
    name: str
    summary: str
    low: int
    high: int
    default: int
    unit: str = ""
    scale: float = 1.0
    hazardous: str = ""
    """What a change of it may do, where that is grave."""


_DETECTION: Final = "decides which hits are detected"
_VOLUMES: Final = ("gap1", "gap2", "cabin")
_PANES: Final = ("outer", "middle", "inner")

POOL: Final = (
    *(PoolParameter(1 + i, f"p_{v}", f"Pressure, {v}", "Pa", 0.1) for i, v in enumerate(_VOLUMES)),
    *(
        PoolParameter(4 + i, f"t_{p}", f"Temperature, {p} pane", "°C", 0.001)
        for i, p in enumerate(_PANES)
    ),
    *(
        PoolParameter(
            7 + i, f"pn_{v}", f"Pressure of {v} with its gas at 293.15 K (P/T)", "Pa", 0.1
        )
        for i, v in enumerate(_VOLUMES)
    ),
    *(
        PoolParameter(
            10 + i,
            f"steady_{v}",
            f"1 while the panes at {v} keep their temperature and all its sensors are healthy",
        )
        for i, v in enumerate(_VOLUMES)
    ),
    *(
        PoolParameter(13 + k, f"ae{k + 1}_crossings", f"Crossings of ae{k + 1} in the last second")
        for k in range(6)
    ),
    PoolParameter(19, "ae_health", "Healthy acoustic sensors, bit 0 = ae1"),
    PoolParameter(20, "sensor_health", "Healthy slow sensors, bit 0 = p_gap1"),
    PoolParameter(21, "impacts", "Hit reports in this boot"),
    PoolParameter(22, "commands_accepted", "Commands taken in this boot"),
    PoolParameter(23, "commands_refused", "Commands refused in this boot"),
    PoolParameter(24, "stored_bytes", "Recorder bytes in use", "B"),
    PoolParameter(25, "link_dropped", "Live packets that the link did not take"),
    PoolParameter(26, "heap_free", "Free heap", "B"),
    PoolParameter(27, "longest_gap_us", "Longest gap between steps", "µs"),
)

SETTINGS: Final = (
    Setting(1, "ae_threshold", "Acoustic threshold", 4000, 8000, 4000, "dB_AE", 0.01, _DETECTION),
    Setting(2, "pdt_us", "Peak definition time", 50, 400, 200, "µs", 1.0, _DETECTION),
    Setting(3, "hdt_us", "Hit definition time", 50, 800, 400, "µs", 1.0, _DETECTION),
    Setting(4, "hlt_us", "Hit lockout time", 1000, 60000, 1000, "µs", 1.0, _DETECTION),
    Setting(5, "waveforms", "Send the waveforms of a hit: 0 no, 1 yes", 0, 1, 1),
    Setting(6, "waveform_interval_ms", "Time between two parts of waveforms", 20, 10000, 100, "ms"),
    Setting(7, "retrieval_interval_ms", "Time between two packets sent again", 20, 10000, 20, "ms"),
    Setting(
        8,
        "self_test_interval_s",
        "Time between two self-tests; 0: none",
        0,
        86400,
        3600,
        "s",
        1.0,
        "without self-tests a failing sensor may go unseen",
    ),
)

POOL_STATES: Final = {0: "none", **{p.number: p.name for p in POOL}}
SETTING_STATES: Final = {s.number: s.name for s in SETTINGS}
