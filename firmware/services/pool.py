"""The onboard parameters by number (protocol/schema/onboard.py), sampled once a second.

What is reported, and how often, changes nothing here: monitors see every second.
"""

from array import array

from firmware.detector.steady import Steady
from firmware.sensors.capture import NONE
from firmware.sensors.slow import NAMES
from firmware.services import event
from firmware.world.faults import FIRST_AE, SLOW
from protocol.wire import tables
from protocol.wire.events import SENSOR_FAULT, SENSOR_RECOVERED

SAMPLE_US = 1_000_000
VOLUMES = 3
STANDARD_MK = 293150
ZERO_CELSIUS_MK = 273150
_BORDERS = ((3, 4), (4, 5), (5, 5))  # the panes beside gap 1, gap 2, cabin, among the readings


class Pool:
    """`values[n]` is the raw value of parameter n as of the last sample."""

    def __init__(self, downlink, board, recorder, window, health, hits, door):
        self.values = array("i", (0 for _ in range(tables.POOL_SIZE)))
        self._health = health
        self._downlink = downlink
        self._board = board
        self._recorder = recorder
        self._window = window
        self._hits = hits
        self._door = door
        self._steady = Steady()
        self._slow = [0] * SLOW
        self._crossings = list(window.crossings)

    def sample(self):
        """Read every sensor and counter; ST[05] for sensors that failed or recovered."""
        slow, values = self._slow, self.values
        self._window.read_slow(slow)
        interval_s = self._window.crossing_interval_s()
        for sensor, cause in self._health.feed(slow, self._window.crossings, interval_s):
            if cause is None:
                event.report(self._downlink, SENSOR_RECOVERED, sensor, 0, name(sensor))
            else:
                event.report(self._downlink, SENSOR_FAULT, sensor, cause, name(sensor))
        for i in range(SLOW):
            values[tables.POOL_P_GAP1 + i] = slow[i]
        self._normalise()
        for k in range(len(self._crossings)):
            count = self._window.crossings[k]
            values[tables.POOL_AE1_CROSSINGS + k] = count - self._crossings[k]
            self._crossings[k] = count
        hears = self._window.capability != NONE  # a sensor that is not there is no healthy one
        values[tables.POOL_AE_HEALTH] = self._health.ae_health if hears else 0
        values[tables.POOL_SENSOR_HEALTH] = self._health.sensor_health
        values[tables.POOL_IMPACTS] = self._hits.impacts
        values[tables.POOL_COMMANDS_ACCEPTED] = self._door.accepted
        values[tables.POOL_COMMANDS_REFUSED] = self._door.refused
        values[tables.POOL_STORED_BYTES] = self._recorder.used_bytes
        values[tables.POOL_LINK_DROPPED] = self._downlink.dropped
        values[tables.POOL_HEAP_FREE] = min(self._board.heap_free(), 0x7FFFFFFF)
        values[tables.POOL_LONGEST_GAP_US] = min(self._board.longest_gap_us(), 0x7FFFFFFF)

    def _normalise(self):
        """P/T, as the pressure that the gas would have at 293.15 K.

        The gas is taken to be as warm as the panes beside it, behind which it lags.
        """
        for volume in range(VOLUMES):
            a, b = _BORDERS[volume]
            glass_mc = (self._slow[a] + self._slow[b]) >> 1
            pressure = self._slow[volume] * STANDARD_MK // max(1, glass_mc + ZERO_CELSIUS_MK)
            self.values[tables.POOL_PN_GAP1 + volume] = min(pressure, 0x7FFFFFFF)
            witnesses = 1 << volume | 1 << a | 1 << b
            sound = self._health.sensor_health & witnesses == witnesses
            steady = self._steady.feed(volume, glass_mc)
            self.values[tables.POOL_STEADY_GAP1 + volume] = steady if sound else 0


def name(sensor):
    """A sensor's name by its number in the event table."""
    return NAMES[sensor] if sensor < SLOW else "ae%d" % (sensor - FIRST_AE + 1)
