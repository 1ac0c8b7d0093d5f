"""Plain data that crosses between the ground's rooms. Times are µs since 1970, UTC (`_us`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from protocol.schema.decode import Decoded
from protocol.schema.severity import Severity


class UnitKey(NamedTuple):
    """A board at a window, e.g. ("sz20", "w1")."""

    vehicle: str
    unit: str

    def __str__(self) -> str:
        return f"{self.vehicle}/{self.unit}"


class PacketId(NamedTuple):
    """The identity of a packet: the 14-bit sequence count is none."""

    vehicle: str
    unit: str
    boot: int
    record: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """Bytes as a link gave them."""

    link: str
    received_us: int
    data: bytes
    framed: bool
    """True for a serial byte stream; False when data is whole space packets (MQTT, files)."""
    unit: UnitKey | None = None
    """Who sent it, where the link tells (an MQTT topic)."""
    schema: int | None = None
    """Hash of another schema, where the link tells: kept in the archive, not read."""
    unread: str = ""
    """Why these bytes are kept in the archive but not read; empty: they are read."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One accepted telemetry packet, never a duplicate."""

    unit: UnitKey
    decoded: Decoded
    link: str
    received_us: int
    onboard_us: int
    """UTC of the packet's onboard time, by time correlation."""
    late: bool
    """Older than the newest packet already accepted from this unit."""

    @property
    def id(self) -> PacketId:
        """Identity over all boots."""
        return PacketId(*self.unit, self.decoded.boot_id, self.decoded.record)


@dataclass(frozen=True, slots=True)
class Hole:
    """Records of one boot that the ground does not have."""

    unit: UnitKey
    boot: int
    first: int
    last: int
    start_us: int
    """Onboard time of the last packet before the hole."""
    end_us: int
    """Onboard time of the first packet after it."""
    lost: bool
    """True when the unit reported them dropped: no refill can come."""
    given_up: bool = False
    """True when they are not asked for any more: no answer came to so many requests."""


class Aside(NamedTuple):
    """What the ground misses of a unit's boots that are not looked at any more."""

    missing: int = 0
    """Records that may still come."""
    lost: int = 0
    """Records lost for good."""
    until_us: int = 0
    """Onboard time by which the newest of `missing` was made; 0: there is none."""
    gone: tuple[Hole, ...] = ()
    """Of `lost`, what was not told before."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """A person looked at a pane: the only thing that returns a vehicle to GREEN."""

    unit: UnitKey
    time_us: int
    author: str
    pane: str
    result: str
    """clear or crack."""
    length_mm: float = 0.0
    through: bool = True
    """A crack counts as through the pane until someone has shown that it is not."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Impact:
    """A group of hits with one source."""

    unit: UnitKey
    pane: str
    time_us: int
    localised: bool
    x_mm: float | None
    y_mm: float | None
    ellipse_mm: tuple[float, float, float] | None
    """95 % semi-axes and the angle of the first from +x in degrees."""
    saturated: bool
    late: bool
    diameter_mm: tuple[float, float | None]
    """Range of the equivalent aluminium particle; None: no upper end, for all channels clipped, or
    nobody measured a peak."""
    peak_db: float
    sensors: int
    received_us: int
    packet: PacketId
    reason: str = ""
    """Why it is not localised."""
    clipped_channels: int = 0
    """Of `sensors`; 0 also where an earlier version did not count them."""

    @property
    def sized(self) -> bool:
        """False where the unit measures no peaks."""
        return self.peak_db > 0


@dataclass(frozen=True, slots=True)
class Leak:
    """A confirmed fall of P/T."""

    unit: UnitKey
    volume: str
    """gap1, gap2 or cabin."""
    time_us: int
    """Onset."""
    rate_pa_s: float
    sigma_pa_s: float
    hole_mm: float
    tau_s: float
    half_s: tuple[float, float, float] | None
    reserve_s: tuple[float, float, float] | None
    active: bool
    packets: tuple[PacketId, ...]
    same_as: tuple[UnitKey, int] | None = None
    """Of the cabin: unit and onset of the leak as another gauge in it has shown it before."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What the evidence amounts to."""

    unit: UnitKey
    verdict: str
    """strike, breach, leak, sensor_fault, thermal or undetermined."""
    time_us: int
    evidence: tuple[PacketId, ...]
    late: bool
    history: tuple[tuple[int, str], ...] = ()
    """(ground time µs, earlier verdict)."""
    onset_us: int | None = None
    """Of the leak, where there is one."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the return assessment that fired."""

    name: str
    status: str
    words: str
    inputs: dict[str, Any]
    uncertainty: str


@dataclass(frozen=True, slots=True)
class PhotoTask:
    """Where someone should look and photograph."""

    unit: UnitKey
    pane: str
    x_mm: float | None
    y_mm: float | None
    radius_mm: float | None
    words: str
    packet: PacketId


@dataclass(frozen=True, slots=True)
class VehicleStatus:
    """Return status of a vehicle; a station has none and shows leak and reserve."""

    id: str
    name: str
    role: str
    status: str | None
    """GREEN, AMBER or RED; None for a station."""
    unknown_since_us: int | None
    rules: tuple[Rule, ...]
    history: tuple[tuple[int, str, str], ...]
    """(time µs, status, rule)."""
    tasks: tuple[PhotoTask, ...] = ()


@dataclass(frozen=True, slots=True)
class Note:
    """What a person wrote beside an alarm."""

    time_us: int
    author: str
    words: str


@dataclass(frozen=True, slots=True)
class SilenceFacts:
    """What the alarm of a silent unit knows."""

    last_good_us: int | None
    """Onboard time of the last good packet; None for a unit that was never heard."""
    until_us: int | None
    """Ground time at which it was heard again; None while it is silent."""
    missing: int
    """Packets known to be missing that may still come; while silent, those before it."""
    lost: int
    """Packets that no refill can bring."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm as everyone sees it (ISA-18.2)."""

    id: int
    key: str
    """What it is about; one open alarm a key."""
    unit: UnitKey | None
    vehicle: str
    severity: Severity
    what: str
    time_us: int
    """Onboard time of the cause; of the newest, when it has risen again or grown worse."""
    raised_us: int
    """Ground time at which it first rose; it stays, so that an alarm is known by it."""
    state: str
    """unacknowledged, acknowledged, returned (unacknowledged), shelved or normal."""
    active: bool
    late: bool
    acknowledged_by: str = ""
    acknowledged_us: int | None = None
    shelved_until_us: int | None = None
    shelve_reason: str = ""
    value: str = ""
    limit: str = ""
    evidence: tuple[PacketId, ...] = field(default=())
    count: int = 1
    """How often it has risen while it was open."""
    notes: tuple[Note, ...] = ()
    """Comments of acknowledgements, reasons of shelving, and notes, in their order."""
    silence: SilenceFacts | None = None
    """Of a unit's silence."""
    risen_us: int = 0
    """Ground time at which it last rose again after it had returned; 0: it did not."""
    highest: Severity = Severity.NORMAL
    """The gravest that it has been; `severity` of one that lasts while its cause does may fall."""

    @property
    def newest_rise_us(self) -> int:
        """Ground time of what people are to look at now; `time_us` is that of its cause."""
        return max(self.raised_us, self.risen_us)
