"""A window and the unit at it, over the unit's reboots."""

from firmware.sensors.maker import simulated_window
from firmware.services.boot import COMMAND, POWER_ON
from firmware.services.maintenance import REBOOT
from firmware.unit import Unit


class Session:
    """A window with its unit; `options` are those of Unit.

    `values` is what `make_window` (sensors/maker.py) makes the window of, parsed: an event table,
    or the wiring of a real one. `reset_reason` and `resets` are of the first boot, and of the
    computer below. Raises ConfigError for what this firmware does not know.
    """

    def __init__(
        self,
        settings,
        board,
        values,
        files,
        send,
        make_window=simulated_window,
        reset_reason=POWER_ON,
        resets=0,
        **options,
    ):
        self.world, self._window = make_window(values, settings, board)
        self._start = lambda boot_us, reset_reason, resets: Unit(
            settings,
            board,
            self._window,
            files,
            send,
            boot_us=boot_us,
            reset_reason=reset_reason,
            resets=resets,
            **options,
        )
        self.unit = self._start(0, reset_reason, resets)

    def step(self, tick_us):
        """One step of the unit; before it, a reboot that the table asks for."""
        if self.world.reboot_due(tick_us):
            self._reboot(tick_us)
        self.unit.step(tick_us)
        if self.unit.maintenance.wanted == REBOOT:
            self._reboot(tick_us)

    def _reboot(self, tick_us):
        """The old unit goes first: a small heap does not hold two."""
        self.unit.close()
        del self.unit
        self.unit = self._start(tick_us, COMMAND, 0)
