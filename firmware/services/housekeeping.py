"""ST[03] housekeeping: one structure with all readings and counters."""

from firmware.detector.health import Health
from firmware.services import event
from firmware.world.faults import FIRST_AE, SLOW
from protocol.wire.events import SENSOR_FAULT, SENSOR_RECOVERED
from protocol.wire.tables import TM_HOUSEKEEPING

STRUCTURE_ID = 1
PRESSURES = 3  # then three temperatures
SENSOR_NAMES = {
    0: "p_gap1",
    1: "p_gap2",
    2: "p_cabin",
    3: "t_outer",
    4: "t_middle",
    5: "t_inner",
}
for _k in range(6):
    SENSOR_NAMES[FIRST_AE + _k] = "ae%d" % (_k + 1)


class Housekeeping:
    """Reads the slow sensors, watches their health and gathers what the other services count."""

    def __init__(self, downlink, board, recorder, window, hits, door):
        self._downlink = downlink
        self._board = board
        self._recorder = recorder
        self._window = window
        self._health = Health()
        self._slow = [0] * SLOW
        self._hits = hits
        self._door = door
        self._crossings = list(window.crossings)

    def report(self):
        """ST[05] for sensors that failed or recovered, then TM[3,25]."""
        crossings = list(self._window.crossings)
        self._window.read_slow(self._slow)
        for sensor, healthy in self._health.feed(self._slow, crossings):
            if healthy:
                event.report(self._downlink, SENSOR_RECOVERED, sensor)
            else:
                event.report(self._downlink, SENSOR_FAULT, sensor, 0, SENSOR_NAMES[sensor])
        values = [STRUCTURE_ID]
        values.extend([max(0, pressure) for pressure in self._slow[:PRESSURES]])
        values.extend(self._slow[PRESSURES:])
        for now, before in zip(crossings, self._crossings):  # noqa: B905 - no strict there
            values.append(min(now - before, 0xFFFF))
        self._crossings = crossings
        values.extend(
            (
                self._health.ae_health,
                self._health.sensor_health,
                self._hits.impacts,
                self._door.accepted & 0xFFFF,
                self._door.refused & 0xFFFF,
                self._recorder.used_bytes,
                self._downlink.dropped,
                self._board.heap_free(),
                self._board.longest_gap_us(),
            )
        )
        self._downlink.make(TM_HOUSEKEEPING, values)
