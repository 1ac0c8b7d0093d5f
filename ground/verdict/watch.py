"""All that is followed of one unit: its sensors, limits, leaks and the pick of its front end."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ground.fleet import Vehicle, Window
from ground.model import Packet, PacketId, UnitKey
from ground.monitor.columns import Columns, Integers
from ground.monitor.leak import LeakLook, LeakMonitor, Shown
from ground.monitor.limit_set import HOUSEKEEPING, LimitSet
from ground.monitor.limits import LimitChange, LimitMonitor
from ground.monitor.localise import WAVEFORM_SIGMA_US, pick_sigma_us
from ground.monitor.sensors import SensorWatch
from ground.monitor.volume import FEWEST
from ground.receive.run import SHORTEST, Run
from ground.verdict.event_words import Crossed
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


class Quiet(NamedTuple):
    """Housekeeping packets that change neither alarm nor finding, and what they leave behind."""

    columns: Columns
    same: Integers
    levels: dict[str, NDArray[np.int8]]
    leaks: LeakLook

    @property
    def packets(self) -> int:
        """How many."""
        return self.leaks.count


class UnitWatch:
    """One unit's monitors; late packets reach none but `limits.history`."""

    def __init__(
        self, unit: UnitKey, vehicle: Vehicle, window: Window, limits: LimitSet, context: str
    ) -> None:
        self.window = window
        self.sensors = SensorWatch(window.vented)
        self.limits = LimitMonitor(limits, context)
        self.leaks = LeakMonitor(unit, window, vehicle.cabin_volume_m3)
        self.sigma_us = WAVEFORM_SIGMA_US
        """Of an arrival time."""
        self.picks = True
        """The unit's front end tells A0 from S0."""
        self.monitors: dict[int, Crossed] = {}
        """Of each onboard monitor the newest transition."""
        self._newest: Packet | None = None

    def boot(self, packet: Packet) -> None:
        """Learn what the acoustic front end gives."""
        raw = packet.decoded.raw
        capability = engineering(ENTRIES["boot"]["capability"], raw["capability"])
        self.sigma_us = pick_sigma_us(capability, int(raw["sample_rate_hz"]))
        self.picks = capability == "waveform"

    def hear(self, packet: Packet) -> None:
        """Note a packet that is the newest so far."""
        self._newest = packet

    def hear_in_turn(self, packet: Packet) -> None:
        """Note a packet, unless a later one of its boot was noted before."""
        newest, decoded = self._newest, packet.decoded
        if (
            newest is None
            or newest.decoded.boot_id != decoded.boot_id
            or newest.decoded.record < decoded.record
        ):
            self.hear(packet)

    @property
    def newest_id(self) -> PacketId | None:
        """Of the newest packet so far."""
        return self._newest.id if self._newest is not None else None

    @property
    def is_heard(self) -> bool:
        """True once anything came."""
        return self._newest is not None

    @property
    def heard(self) -> str:
        """The newest packet in words."""
        newest = self._newest
        if newest is None:
            return "never heard"
        boot, record = newest.decoded.boot_id, newest.decoded.record
        return f"last good packet {clock(newest.onboard_us)}, boot {boot}, record {record}"

    @property
    def heard_us(self) -> int | None:
        """Onboard time of the newest packet; None before the first."""
        return None if self._newest is None else self._newest.onboard_us

    def sense(self, packet: Packet, values: dict[str, float]) -> Sensed:
        """Take housekeeping that is newer than any before."""
        before = self.sensors.faults
        self.sensors.update(packet.decoded.raw, packet.decoded.boot_id, packet.onboard_us)
        faults = self.sensors.faults
        failed = {name: reason for name, reason in faults.items() if name not in before}
        recovered = [name for name in before if name not in faults]
        changes = self.limits.update(packet.onboard_us, values, faults)
        shown = self.leaks.update(
            packet.decoded.time_us, packet.onboard_us, values, faults, packet.id,
            held=self.sensors.held,
        )  # fmt: skip
        return Sensed(failed, recovered, changes, shown)

    def look(self, run: Run) -> Quiet | None:
        """With how many packets, newer than any before, a run of housekeeping shows nothing new."""
        columns = Columns(run)
        count, same = self.sensors.look(columns)
        if count < SHORTEST:
            return None
        still, levels = self.limits.look(columns.value, self.sensors.faults)
        leaks = self.leaks.look(columns, self.sensors.faults)
        if leaks is None:
            return None
        leaks.count = min(count, leaks.count, len(columns) if still is None else still)
        return Quiet(columns, same, levels, leaks) if leaks.count >= SHORTEST else None

    def take(self, quiet: Quiet, packets: int, utc_us: int) -> None:
        """Take in the first packets of what shows nothing; `utc_us` is that of the last of them."""
        self.sensors.take(quiet.columns, quiet.same, packets)
        self.limits.take(quiet.levels, packets)
        quiet.leaks.count = packets
        self.leaks.take(quiet.leaks, utc_us)

    def is_dark(self, volume: str) -> bool:
        """True when a closed volume has no gauge here that can be believed."""
        return volume in self.leaks.volumes and f"p_{volume}" in self.sensors.faults

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
