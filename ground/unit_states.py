"""Units and their values as the API asks for them, from what the station knows."""

from __future__ import annotations

from ground.api.source import Sample, UnitState
from ground.model import Packet
from ground.stream.unit import UnitStream
from protocol.schema.decode import ENTRIES

_HOUSEKEEPING = ENTRIES["housekeeping"]


def unit_state(stream: UnitStream) -> UnitState:
    """What a stream knows of its unit now."""
    fit = stream.correlation
    return UnitState(
        unit=stream.unit,
        state="silent" if stream.silent else "live",
        boot_id=stream.current,
        link=stream.link,
        last_received_us=stream.live_received_us or None,
        last_onboard_us=stream.live_onboard_us or None,
        missing=stream.count(lost=False),
        lost=stream.count(lost=True),
        given_up=stream.given_up(),
        refilling=stream.refill.request is not None,
        packets=stream.packets,
        offset_s=None if fit is None else fit.offset_s,
        accuracy_s=None if fit is None else fit.accuracy_s,
        drift_ppm=None if fit is None else fit.drift_ppm,
        drift_accuracy_ppm=None if fit is None else fit.drift_accuracy_ppm,
    )


def sample_of(packet: Packet) -> Sample:
    """The values of a housekeeping packet, in engineering units."""
    values = {
        name: float(raw) * entry.scale + entry.offset
        for name, entry in _HOUSEKEEPING.items()
        if isinstance(raw := packet.decoded.raw.get(name), int)
    }
    return Sample(packet.unit, packet.onboard_us, packet.late, values)
