"""The ground station's core: synchronous, and told the time, so that it is a fold over the archive.

Everything received is archived, then becomes packets, then knowledge. `commit` puts it on disk and
only then hands out what may leave: commands for units, samples for consoles.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any, Final

from ground.acts import ACTS
from ground.alarms.book import Transition
from ground.archive.archive import Archive
from ground.archive.errors import ArchiveFull
from ground.assessing import Assessing
from ground.clock import whole_seconds
from ground.commanding.dispatch import Dispatch
from ground.fleet import Fleet
from ground.model import Chunk, Inspection, Packet, PacketId, UnitKey
from ground.notices import told
from ground.outcome import Outcome
from ground.rebuild import rebuild, stored_speed
from ground.software import software
from ground.strangers import STRANGERS, Strangers
from ground.stream.intake import Identified, IdentifiedRun, Intake
from ground.stream.keys import KeyStore
from ground.stream.outgoing import Command
from ground.stream.storage import named
from ground.stream.unit import UnitStream
from ground.stream.verification import mistaken, suspicion, unread
from ground.taking import take_all
from ground.watching import watch
from protocol.schema.severity import Severity

SILENCE_US: Final = 5_000_000
"""A unit sends something live more often than this."""


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
        passed: Callable[[Station, int, int], None] | None = None,
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
        self.ahead_us = 0
        """Where the clock of an earlier run ended: the latest of them."""
        self.started_us = 0
        self.first_packet_us: int | None = None
        """When the first packet since the start came."""
        self.recording = True
        """False in the fold: what it does stands in the archive already."""
        self.deciding = True
        """False in fold and replay: what the ground itself did stands in the recording."""
        self.strangers = Strangers(fleet)
        self.speed = stored_speed(archive) or speed
        self.dispatch = Dispatch(self, keys)
        self._samples: list[Packet] = []
        self._changed: set[str] = set()
        rebuild(self, partial(passed, self) if passed else None)

    def start(self, now_us: int) -> None:
        """Begin to receive."""
        self.archive.set_meta("fleet", json.dumps(self.fleet.to_dict(), ensure_ascii=False))
        self.archive.set_meta("speed", repr(self.speed))
        self.begin(now_us)
        self.act("start", "ground", {"software": software()})
        self.notice("archive:damaged", "", active=False)  # raised anew where it is met again

    def receive(self, chunk: Chunk) -> None:
        """Take bytes as a link gave them. Never raises on what they hold."""
        self.advance(chunk.received_us)
        self.archive.add_raw(chunk)
        self.accept_all(self.intake.take(chunk))
        self._tell_troubles()

    def tick(self, now_us: int) -> None:
        """Once a second, after all chunks received before it."""
        self.advance(now_us)
        self.intake.second(now_us)
        self._tell_troubles()
        for unit, stream in self.streams.items():
            for boot, first, last in stream.dropped():
                data = {"unit": list(unit), "boot": boot, "first": first, "last": last}
                self.act("lost", "ground", data)
            for boot, first, last in list(stream.refill.in_vain(stream.on_board())):
                data = {"unit": list(unit), "boot": boot, "first": first, "last": last}
                self.act("give_up", "ground", data)
        watch(self)

    def commit(self) -> Outcome:
        """Put all on disk, then hand out what may leave."""
        self.dispatch.choose()
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
                commands = self.dispatch.commands()
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
        doubt_since_us: int | None = None,
    ) -> None:
        """Raise an alarm of the station's own, or take it back; once for each change."""
        if active != (key in self.notices):
            words = words if active else self.notices[key]
            data = {"key": key, "severity": int(severity), "words": words, "active": active}
            since = {} if doubt_since_us is None else {"doubt_since_us": doubt_since_us}
            self.act("notice", "ground", data | {"unit": list(unit) if unit else None} | since)

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

    def begin(self, now_us: int) -> None:
        """A run begins, and its clock may stand elsewhere than where the one before ended."""
        self.ahead_us = max(self.ahead_us, self.now_us)
        self.now_us = now_us

    def resume(self) -> None:
        """Record from here on; what the fold has done so far is in the archive."""
        self.recording = self.deciding = True
        self.assessor.changed.clear()

    def accept(self, identified: Identified) -> None:
        """Take in a packet whose unit is known; one that is here already changes nothing."""
        unit, link, decoded, received_us = identified
        stream = self.streams.get(unit)
        if stream is None:
            if not self._admits(unit, link):
                return
            stream = self.streams[unit] = UnitStream(unit, 1 / self.speed)
        packet = stream.accept(decoded, link, received_us, self.now_us)
        if packet is None:
            self._tell_twice(stream)
            return
        own = self.dispatch.take(packet)
        if self.recording:
            self.archive.add_packet(packet, self.now_us)
        self.show([packet] if decoded.name == "housekeeping" else [])
        told = named(decoded) if decoded.name == "storage" else ()
        for boot in (decoded.boot_id, *told):
            self.intake.identities.learn((link, decoded.apid, boot), unit)
        if decoded.name == "boot" and decoded.boot_id == stream.current:
            self.dispatch.meet(unit, decoded)
        if stream.silent and not stream.overdue(self.now_us - SILENCE_US):
            stream.silent = False
            self._tell_holes(stream)
            stream.ask_again()
            self.assessor.silence(unit, None)
        if (words := suspicion(packet)) and not own:
            self.assessor.alarm_event(
                f"command:{unit}", Severity.WARNING, words, unit=unit,
                time_us=packet.onboard_us, now_us=self.now_us, active=True, late=packet.late,
                latching=True,
            )  # fmt: skip
        if not own:
            self._assess(packet)

    def awaits(self, unit: UnitKey, name: str) -> bool:
        """True while the effect of a command is looked for in packets of this type."""
        return self.dispatch.desk.awaits(unit, name)

    def accept_all(self, items: Sequence[Identified | IdentifiedRun]) -> None:
        """Take in what came together."""
        take_all(self, items)

    def show(self, packets: Sequence[Packet]) -> None:
        """Packets have been taken in that consoles may see; in the fold they have long."""
        self._changed.add("units")
        if self.recording:
            self._samples += packets
            if self.first_packet_us is None:
                self.first_packet_us = self.now_us

    def misread(self, packet: PacketId, error: Exception) -> None:
        """What follows from a packet cannot be told: people must know. Live and folded the same."""
        unit = UnitKey(packet.vehicle, packet.unit)
        self.assessor.alarm_event(
            f"misread:{unit}", Severity.WARNING, unread(packet, error), unit=unit,
            time_us=self.now_us, now_us=self.now_us, active=True, latching=True,
        )  # fmt: skip

    def _admits(self, unit: UnitKey, link: str) -> bool:
        """True for a new unit to take in; whoever stands in the archive was."""
        if not self.recording:
            self.strangers.know(unit)
        elif not self.strangers.admit(unit, self.now_us):
            self.notice(STRANGERS, Strangers.words(unit, link))
            return False
        return True

    def _assess(self, packet: Packet) -> None:
        try:
            self.assessor.packet(packet)
        except Exception as error:  # the last line: an unforeseen packet ends nothing
            self.misread(packet.id, error)

    def _second(self) -> None:
        for unit, stream in self.streams.items():
            if not stream.silent and stream.overdue(self.now_us - SILENCE_US, self.started_us):
                stream.silent = True
                stream.refill.stop()
                self.assessor.tick(self.now_us)  # it rises now, whatever came last of others
                since_us = min(stream.live_onboard_us, stream.live_received_us)
                self.assessor.silence(unit, since_us)
                self._changed.add("units")
            self._tell_holes(stream)
        self.assessor.tick(self.now_us)
        self.dispatch.desk.second(self.now_us)

    def _tell_holes(self, stream: UnitStream) -> None:
        if stream.holes_changed:
            stream.holes_changed = False
            self.assessor.holes(stream.unit, stream.holes(), stream.aside())

    def _moved(self, transition: Transition) -> None:
        """An alarm's transition is written down, so that the fold lets time pass to it."""
        if self.recording:
            data = asdict(transition)
            self.archive.add_journal(self.now_us, data.pop("author"), "alarm", data)

    def _tell_twice(self, stream: UnitStream) -> None:
        if words := mistaken(stream):
            unit, since_us = stream.unit, stream.live_received_us
            self.notice(f"boots:{unit}", words, unit=unit, doubt_since_us=since_us)

    def _tell_troubles(self) -> None:
        troubles, self.intake.troubles = self.intake.troubles, []
        for key, words, active in told(self.notices, troubles):
            self.notice(key, words, active=active)
