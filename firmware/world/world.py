"""The simulated surroundings of one window, played from its event table."""

from firmware.world.faults import DEAD, DRIFT, FIRST_AE, HEALED, SENSORS, STUCK
from firmware.world.faults import NOISY as NOISY_FAULT
from firmware.world.gas import Gas
from firmware.world.heat import MEAN_MC, ZERO_CELSIUS_MK, Heat
from firmware.world.impact import (
    NO_PULSE,
    PENCIL_LEAD_BREAK,
    PULSE,
    Strike,
    momentum_impulse,
    sensor_positions_um,
)
from firmware.world.noise import FOREVER, NOISY, QUIET, SILENT, Crossings
from firmware.world.rng import Rng

TABLE_VERSION = 1
ATMOSPHERE_UPA = 101325 * 1000000
_HEAT_STREAM = 0
_LEVEL = (SILENT, QUIET, SILENT, NOISY)  # stuck, drift, dead, noisy
_HALVING_US = 60000000  # a drifting acoustic sensor loses 6 dB a minute


class World:
    """Gas, heat, impacts and noise at scenario time t.

    `table` is the parsed event table (docs/architecture.md); `apid` tells units of one scenario
    apart. Raises ValueError for a table or an event that this firmware does not know.
    """

    def __init__(self, table, apid):
        if table["version"] != TABLE_VERSION:
            raise ValueError(
                "event table version %s: this firmware reads version %d; compile the scenario again"
                % (table["version"], TABLE_VERSION)
            )
        self.seed, self.apid = table["seed"], apid
        self.now_us = 0
        self.heat = Heat(Rng(self.seed, apid, _HEAT_STREAM))
        self.gas = _fill(table["window"])
        self.noise = Crossings(self.seed, apid)
        self.faults = [None] * SENSORS
        self.strikes = []
        self._window = table["window"]
        self._losses = [(e[0], e[0] + e[2]) for e in table["events"] if e[1] == "link_loss"]
        self._reboots = [e[0] for e in table["events"] if e[1] == "reboot"]
        self._events = [e for e in table["events"] if e[1] not in ("link_loss", "reboot")]
        for event in self._events:
            if not hasattr(self, "_on_" + event[1]):
                raise ValueError("unknown event kind in the event table: %s" % event[1])
        self._done = 0
        self._due_us = 0

    def advance(self, t_us):
        """Move on to t, never back: apply events, count lone crossings."""
        self.now_us = t_us
        if t_us < self._due_us:
            return
        while self._next_event_us() <= t_us:
            event = self._events[self._done]
            self._done += 1
            self.noise.advance(event[0])
            getattr(self, "_on_" + event[1])(event[0], *event[2:])
        self.noise.advance(t_us)
        self._due_us = min(self._next_event_us(), self.noise.due_us)

    def pressure_dpa(self, volume):
        """Pressure of gap 1, gap 2 or the cabin now, in 0.1 Pa."""
        return self.gas[volume].pressure_dpa(self.now_us, self.heat.gas_mk(volume, self.now_us))

    def temperature_mc(self, pane):
        """Temperature of a pane now, in m°C."""
        return self.heat.pane_mc(pane, self.now_us)

    def link_up(self, t_us):
        """False while a link_loss is on."""
        return all(not start_us <= t_us < end_us for start_us, end_us in self._losses)

    def set_threshold(self, threshold_nv):
        """From now on the acoustic comparators have this threshold."""
        self.noise.set_threshold(self.now_us, threshold_nv)
        self._due_us = min(self._next_event_us(), self.noise.due_us)

    def pulse(self, channel):
        """An acoustic sensor sends a pulse now; a broken one does not."""
        fault = self.faults[FIRST_AE + channel]
        if fault is None or fault[0] == NOISY_FAULT:
            x_um, y_um = sensor_positions_um(self._window["ring_um"])[channel]
            self._strike(self.now_us, 0, x_um, y_um, PULSE, channel)

    def add(self, event):
        """One more event, as of the table, not before now: (t_us, kind, numbers …)."""
        at = self._done
        while at < len(self._events) and self._events[at][0] <= event[0]:
            at += 1
        self._events.insert(at, event)
        self._due_us = min(self._due_us, event[0])

    def reboot_due(self, t_us):
        """True once for each reboot up to t."""
        if self._reboots and self._reboots[0] <= t_us:
            self._reboots.pop(0)
            return True
        return False

    def _next_event_us(self):
        return self._events[self._done][0] if self._done < len(self._events) else FOREVER

    def _on_impact(self, t_us, pane, x_um, y_um, diameter_um, speed, density, angle_mdeg):
        impulse = momentum_impulse(diameter_um, speed, density, angle_mdeg)
        self._strike(t_us, pane, x_um, y_um, impulse)

    def _on_pencil_lead_break(self, t_us, x_um, y_um):
        self._strike(t_us, 0, x_um, y_um, PENCIL_LEAD_BREAK)

    def _strike(self, t_us, pane, x_um, y_um, impulse, pulse=NO_PULSE):
        strike = Strike(self._window, t_us, pane, x_um, y_um, impulse)
        strike.pulse = pulse
        for channel in range(len(strike.amplitude_nv)):
            if fault := self.faults[FIRST_AE + channel]:
                kind, since_us = fault
                if kind in (DEAD, STUCK):
                    strike.amplitude_nv[channel] = 0
                elif kind == DRIFT:
                    strike.amplitude_nv[channel] >>= (t_us - since_us) // _HALVING_US
        self.strikes.append(strike)

    def _on_leak(self, t_us, volume, hole_um):
        self.gas[volume].open_hole(t_us, hole_um)

    def _on_thermal(self, t_us, pane, delta_mk, over_us):
        self.heat.add_ramp(t_us, pane, delta_mk, over_us)

    def _on_sensor_fault(self, t_us, sensor, fault):
        healed = fault == HEALED
        self.faults[sensor] = None if healed else (fault, t_us)
        if sensor >= FIRST_AE:
            self.noise.set_level(sensor - FIRST_AE, t_us, QUIET if healed else _LEVEL[fault])


def _fill(window):
    """Gap 1, gap 2 and the cabin at 101325 Pa at their mean temperature; vented gaps are empty."""
    outer, middle, inner = [ZERO_CELSIUS_MK + mean for mean in MEAN_MC]
    gap1, gap2 = [0 if vented else ATMOSPHERE_UPA for vented in window["vented"]]
    return (
        Gas(window["gap_mm3"][0], gap1, (outer + middle) >> 1),
        Gas(window["gap_mm3"][1], gap2, (middle + inner) >> 1),
        Gas(window["cabin_mm3"], ATMOSPHERE_UPA, inner),
    )
