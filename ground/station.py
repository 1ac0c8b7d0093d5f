"""The ground station's core: synchronous, and told the time, so that it is a fold over the archive.

Everything received is archived, then becomes packets, then knowledge. `commit` puts it on disk and
only then hands out what may leave: commands for units, samples for consoles.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Final

from ground.acts import ACTS
from ground.alarms.book import Transition
from ground.archive.archive import Archive
from ground.archive.errors import ArchiveFull
from ground.assessing import Assessing
from ground.clock import whole_seconds
from ground.fleet import Fleet
from ground.model import Chunk, Inspection, Packet, PacketId, UnitKey
from ground.rebuild import rebuild, stored_speed
from ground.stream.commander import Commander, CounterError
from ground.stream.intake import Identified, Intake
from ground.stream.keys import KeyFileError, KeyStore
from ground.stream.outgoing import Command, Outgoing
from ground.stream.unit import UnitStream
from ground.stream.verification import disbelief, suspicion
from protocol.schema.decode import Decoded
from protocol.schema.severity import Severity

SILENCE_US: Final = 5_000_000
"""A unit sends something live more often than this."""
DISK_MARGIN: Final = 64 * 2**20
"""Bytes of the archive's disk that are left to raw data alone."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a commit lets out."""

    commands: list[Command]
    samples: list[Packet]
    """Housekeeping packets taken in since the last commit."""
    changed: set[str]
    """"units", and what the assessment names."""
    stored: bool
    """False: nothing can be written now; receive no more until a commit succeeds."""


class Station:
    """One ground station on one archive, with all that it holds. Times are µs since 1970, UTC.

    `speed` is how fast units run against the ground's clock, until their packets tell it; what the
    archive was begun with counts before it. Raises DamagedArchive.
    """

    def __init__(
        self,
        archive: Archive,
        fleet: Fleet,
        assess: Callable[[Fleet, Callable[[Transition], None]], Assessing],
        keys: KeyStore | None = None,
        *,
        speed: float = 1.0,
    ) -> None:
        self.archive = archive
        self.fleet = fleet
        self.assessor = assess(fleet, self._moved)
        self.intake = Intake()
        self.streams: dict[UnitKey, UnitStream] = {}
        self.inspections: list[Inspection] = []
        self.notices: dict[str, str] = {}
        """Alarms of the station's own that are active: key, words."""
        self.now_us = 0
        self.started_us = 0
        self.first_packet_us: int | None = None
        """When the first packet since the start came."""
        self.recording = True
        """False in the fold: what it does stands in the archive already."""
        self.deciding = True
        """False in fold and replay: what the ground itself did stands in the recording."""
        self.speed = stored_speed(archive) or speed
        self._commander = Commander(archive, keys)
        self._outgoing = Outgoing(self._commander)
        self._samples: list[Packet] = []
        self._changed: set[str] = set()
        rebuild(self)

    def start(self, now_us: int) -> None:
        """Begin to receive."""
        self.archive.set_meta("fleet", json.dumps(self.fleet.to_dict(), ensure_ascii=False))
        self.archive.set_meta("speed", repr(self.speed))
        self.now_us = now_us
        self.act("start", "ground", {})

    def receive(self, chunk: Chunk) -> None:
        """Take bytes as a link gave them. Never raises on what they hold."""
        self.advance(chunk.received_us)
        self.archive.add_raw(chunk)
        for identified in self.intake.take(chunk):
            self.accept(identified)
        self._tell_troubles()

    def tick(self, now_us: int) -> None:
        """Once a second, after all chunks received before it."""
        self.advance(now_us)
        self.intake.second(now_us)
        self._tell_troubles()
        self._watch_disk()
        for unit, stream in self.streams.items():
            for boot, first, last in stream.given_up():
                self.act(
                    "lost", "ground",
                    {"unit": list(unit), "boot": boot, "first": first, "last": last},
                )  # fmt: skip

    def commit(self) -> Outcome:
        """Put all on disk, then hand out what may leave."""
        self._commander.top_up()
        commands: list[Command] = []
        try:
            self.archive.commit()
        except ArchiveFull as error:
            stored = False
            self.notice("archive:full", str(error), severity=Severity.CRITICAL)
        else:
            stored = True
            if self.deciding:
                self.notice("archive:full", "", active=False)
            if self.deciding and "archive:margin" not in self.notices:
                heard = [s for s in self.streams.values() if s.live_received_us >= self.started_us]
                commands = self._outgoing.commands(heard, self.now_us)
        changed = self._changed | self.assessor.changed
        outcome = Outcome(commands, self._samples, changed, stored)
        self.assessor.changed.clear()
        self._samples, self._changed = [], set()
        return outcome

    def stop(self, now_us: int) -> None:
        """Write down the end of the run."""
        self.advance(now_us)
        self.act("stop", "ground", {})
        self.commit()

    def inspect(self, inspection: Inspection) -> None:
        """A person looked at a pane."""
        data = asdict(inspection) | {"unit": list(inspection.unit)}
        self.act("inspection", data.pop("author"), data)

    def acknowledge(self, alarm_id: int, author: str, comment: str) -> None:
        """A person has seen an alarm; raises what the assessor raises, with nothing journaled."""
        self.act("acknowledge", author, {"alarm": alarm_id, "comment": comment})

    def shelve(self, alarm_id: int, author: str, reason: str, until_us: int | None) -> None:
        """Put an alarm aside until a time; None takes it back."""
        data = {"alarm": alarm_id, "reason": reason, "until_us": until_us}
        self.act("shelve", author, data)

    def notice(
        self,
        key: str,
        words: str,
        *,
        active: bool = True,
        severity: Severity = Severity.WARNING,
        unit: UnitKey | None = None,
    ) -> None:
        """Raise an alarm of the station's own, or take it back; once for each change."""
        if active != (key in self.notices):
            words = words if active else self.notices[key]
            data = {"key": key, "severity": int(severity), "words": words, "active": active}
            self.act("notice", "ground", data | {"unit": list(unit) if unit else None})

    def act(self, kind: str, author: str, data: dict[str, Any]) -> None:
        """Do what a journal entry of this kind does, and write it down."""
        ACTS[kind](self, author, data)
        if self.recording:
            self.archive.add_journal(self.now_us, author, kind, data)

    def advance(self, time_us: int) -> None:
        """Let ground time pass, second by second; it never runs backwards within a run."""
        for second_us in whole_seconds(self.now_us, time_us):
            self.now_us = second_us
            self._second()
        self.now_us = max(self.now_us, time_us)

    def resume(self) -> None:
        """Record from here on; what the fold has done so far is in the archive."""
        self.recording = self.deciding = True
        self.assessor.changed.clear()

    def accept(self, identified: Identified) -> None:
        """Take in a packet whose unit is known; one that is here already changes nothing."""
        unit, link, decoded, received_us = identified
        stream = self.streams.get(unit)
        if stream is None:
            stream = self.streams[unit] = UnitStream(unit, 1 / self.speed)
        packet = stream.accept(decoded, link, received_us, self.now_us)
        if packet is None:
            self._tell_twice(stream)
            return
        if self.recording:
            self.archive.add_packet(packet, self.now_us)
            if self.first_packet_us is None:
                self.first_packet_us = self.now_us
        self._changed.add("units")
        for boot in stream.boots if decoded.name == "storage" else (decoded.boot_id,):
            self.intake.identities.learn((link, decoded.apid, boot), unit)
        if decoded.name == "boot" and decoded.boot_id == stream.current:
            self._meet(unit, decoded)
        elif decoded.name == "storage" and self.deciding:
            self._doubt(stream)
        if stream.silent and not stream.overdue(self.now_us - SILENCE_US):
            stream.silent = False
            self._tell_holes(stream)
            stream.refill.resume(stream.on_board())
            self.assessor.silence(unit, None)
        if words := suspicion(packet):
            self.assessor.alarm_event(
                f"command:{unit}", Severity.WARNING, words, unit=unit,
                time_us=packet.onboard_us, now_us=self.now_us, active=True, late=packet.late,
                latching=True,
            )  # fmt: skip
        if self.recording and decoded.name == "housekeeping":
            self._samples.append(packet)
        try:
            self.assessor.packet(packet)
        except Exception as error:  # the last line: an unforeseen packet ends nothing
            self.misread(packet.id, error)

    def misread(self, packet: PacketId, error: Exception) -> None:
        """What follows from a packet cannot be told: people must know. Live and folded the same."""
        unit = UnitKey(packet.vehicle, packet.unit)
        words = (
            f"boot {packet.boot}, record {packet.record} is in the archive but could not be read "
            f"({type(error).__name__}: {error}); report it to the makers of the ground station"
        )
        self.assessor.alarm_event(
            f"misread:{unit}", Severity.WARNING, words, unit=unit,
            time_us=self.now_us, now_us=self.now_us, active=True, latching=True,
        )  # fmt: skip

    def _second(self) -> None:
        for unit, stream in self.streams.items():
            if not stream.silent and stream.overdue(self.now_us - SILENCE_US, self.started_us):
                stream.silent = True
                stream.refill.stop()
                self.assessor.silence(unit, stream.live_onboard_us)
                self._changed.add("units")
            self._tell_holes(stream)
        self.assessor.tick(self.now_us)

    def _tell_holes(self, stream: UnitStream) -> None:
        if stream.holes_changed:
            stream.holes_changed = False
            self.assessor.holes(stream.unit, stream.holes())

    def _meet(self, unit: UnitKey, decoded: Decoded) -> None:
        words = ""
        try:
            next_counter = int(decoded.raw["next_counter"])
            self._commander.heard(unit, decoded.apid, decoded.boot_id, next_counter)
        except (KeyFileError, CounterError) as error:
            words = f"{unit} is read but not commanded: {error}"
        if self.deciding:
            self.notice(f"key:{unit}", words, active=words != "", unit=unit)

    def _doubt(self, stream: UnitStream) -> None:
        words = disbelief(stream)
        self.notice(f"claim:{stream.unit}", words, active=words != "", unit=stream.unit)

    def _moved(self, transition: Transition) -> None:
        """An alarm's transition is written down, so that the fold lets time pass to it."""
        if self.recording:
            data = asdict(transition)
            self.archive.add_journal(self.now_us, data.pop("author"), "alarm", data)

    def _tell_twice(self, stream: UnitStream) -> None:
        boot = stream.two_boots_of_one_number
        if boot is not None:
            words = (
                f"{stream.unit}: two different boots have number {boot}: an erased store, or two "
                "units of one name? What it sends now cannot be kept: start a new archive for one"
            )
            self.notice(f"boots:{stream.unit}", words, unit=stream.unit)

    def _tell_troubles(self) -> None:
        troubles, self.intake.troubles = self.intake.troubles, []
        for key, words, active in troubles:
            self.notice(key, words, active=active)

    def _watch_disk(self) -> None:
        """The last of the disk is for raw data: units keep theirs while there is little left."""
        free = self.archive.free_bytes()
        low = free is not None and free < DISK_MARGIN
        words = (
            f"{self.archive.path}: its disk is nearly full; nothing is acknowledged to the units"
        )
        self.notice("archive:margin", words, active=low, severity=Severity.CRITICAL)
