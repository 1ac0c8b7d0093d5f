"""A window and the unit at it, over the unit's reboots."""

from firmware.errors import ConfigError
from firmware.sensors.simulated import SimulatedWindow
from firmware.services.boot import COMMAND, POWER_ON
from firmware.services.maintenance import REBOOT
from firmware.unit import Unit
from firmware.world.world import World


class Session:
    """The simulated window of an event table with its unit; `options` are those of Unit.

    Raises ConfigError for a table that this firmware does not know.
    """

    def __init__(self, settings, board, table, files, send, **options):
        try:
            self.world = World(table, settings.apid)
        except (KeyError, TypeError, IndexError) as error:
            raise ConfigError("the event table is not complete: %r" % error)
        except ValueError as error:
            raise ConfigError(str(error))
        self._window = SimulatedWindow(self.world)
        self._start = lambda boot_us, reset_reason: Unit(
            settings,
            board,
            self._window,
            files,
            send,
            boot_us=boot_us,
            reset_reason=reset_reason,
            **options,
        )
        self.unit = self._start(0, POWER_ON)

    def step(self, tick_us):
        """One step of the unit; before it, a reboot that the table asks for."""
        if self.world.reboot_due(tick_us):
            self.unit.close()
            self.unit = self._start(tick_us, COMMAND)
        self.unit.step(tick_us)
        if self.unit.maintenance.wanted == REBOOT:
            self.unit.close()
            self.unit = self._start(tick_us, COMMAND)
