"""The station itself, its links and counters as the API asks for them."""

from __future__ import annotations

from ground.api.source import Gauges, Health, LinkState, QueueState
from ground.service import Service
from ground.station import Station


def health(service: Service) -> Health:
    """How the station fares now."""
    station = service.station
    return Health(
        ok="archive:full" not in station.notices,
        started_us=station.started_us,
        now_us=service.clock(),
        first_packet_us=station.first_packet_us,
        packets=sum(s.packets for s in station.streams.values()),
        links=[_link_state(told, station) for told in service.links_told()],
        archive=str(station.archive.path or "in memory"),
        queue=QueueState(*service.queue_told()),
    )


def gauges(service: Service) -> Gauges:
    """What was counted since the start."""
    station = service.station
    return Gauges(
        links=station.intake.counters(),
        archive_bytes=station.archive.size_bytes(),
        waiting=station.dispatch.desk.waiting(),
        refused_units=station.strangers.units,
        refused_packets=station.strangers.packets,
        dropped={name: link.dropped for name, link in service.links.items()},
        refused={name: link.refused for name, link in service.links.items()},
    )


def _link_state(told: tuple[str, str, str], station: Station) -> LinkState:
    came = station.intake.counters().get(told[0])
    if came is None:
        return LinkState(*told)
    return LinkState(*told, came.frames, came.damaged, came.noise_bytes)
