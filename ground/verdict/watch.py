"""All that is followed of one unit: its sensors, limits, leaks and the pick of its front end."""

from __future__ import annotations

from typing import Final, NamedTuple

from ground.fleet import Vehicle, Window
from ground.model import Packet, UnitKey
from ground.monitor.leak import LeakMonitor, Shown
from ground.monitor.limits import HOUSEKEEPING, LimitChange, LimitMonitor
from ground.monitor.localise import WAVEFORM_SIGMA_US, pick_sigma_us
from ground.monitor.sensors import SensorWatch
from ground.monitor.volume import FEWEST
from ground.verdict.words import clock
from protocol.schema.decode import ENTRIES, engineering

_SCALES: Final = {name: entry.scale for name, entry in HOUSEKEEPING.items()}
SAME_TIME_US: Final = 10_000_000
UNMOVED_SIGMAS: Final = 2.0
SEEN_SIGMAS: Final = 6.0
"""A second gauge that would have seen the fall so clearly, and has not moved, denies it."""


class Sensed(NamedTuple):
    """What a housekeeping packet shows for the first time."""

    failed: dict[str, str]
    """Sensors newly faulty, with the reason."""
    recovered: list[str]
    changes: list[LimitChange]
    shown: list[Shown]


class UnitWatch:
    """One unit's monitors; late packets reach none but `limits.history`."""

    def __init__(self, unit: UnitKey, vehicle: Vehicle, window: Window) -> None:
        self.window = window
        self.sensors = SensorWatch(window.vented)
        self.limits = LimitMonitor()
        self.leaks = LeakMonitor(unit, window, vehicle.cabin_volume_m3)
        self.sigma_us = WAVEFORM_SIGMA_US
        self.picks = True
        """The unit's front end tells A0 from S0."""
        """Of an arrival time."""
        self.heard = "never heard"
        """The newest packet in words."""
        self.is_heard = False

    def boot(self, packet: Packet) -> None:
        """Learn what the acoustic front end gives."""
        raw = packet.decoded.raw
        capability = engineering(ENTRIES["boot"]["capability"], raw["capability"])
        self.sigma_us = pick_sigma_us(capability, int(raw["sample_rate_hz"]))
        self.picks = capability == "waveform"

    def hear(self, packet: Packet) -> None:
        """Note a packet that is the newest so far."""
        self.is_heard = True
        boot, record = packet.decoded.boot_id, packet.decoded.record
        self.heard = f"last heard {clock(packet.onboard_us)}, boot {boot}, record {record}"

    def sense(self, packet: Packet, values: dict[str, float]) -> Sensed:
        """Take housekeeping that is newer than any before."""
        before = self.sensors.faults
        self.sensors.update(packet.decoded.raw)
        faults = self.sensors.faults
        failed = {name: reason for name, reason in faults.items() if name not in before}
        recovered = [name for name in before if name not in faults]
        changes = self.limits.update(packet.onboard_us, values, faults)
        shown = self.leaks.update(
            packet.decoded.time_us, packet.onboard_us, values, faults, packet.id
        )
        return Sensed(failed, recovered, changes, shown)

    def denies_cabin_leak(self, time_us: int, rate_pa_s: float) -> bool:
        """True when this window's cabin gauge should see such a fall and does not."""
        cabin = self.leaks.volumes["cabin"]
        if "p_cabin" in self.sensors.faults or abs(time_us - self.leaks.utc_us) > SAME_TIME_US:
            return False
        slope, sigma = cabin.slope_pa_s()
        enough = cabin.samples() >= FEWEST and rate_pa_s > SEEN_SIGMAS * sigma
        return enough and slope > -UNMOVED_SIGMAS * sigma


def values_of(packet: Packet) -> dict[str, float]:
    """Housekeeping in engineering units."""
    raw = packet.decoded.raw
    return {name: raw[name] * scale for name, scale in _SCALES.items()}  # type: ignore[operator]
