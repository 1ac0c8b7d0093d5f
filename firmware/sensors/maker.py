"""Makers of a unit's window, each loading only its own kind's code."""

from firmware.errors import ConfigError


class Unplanned:
    """What a real window has for a World: nothing in it was planned."""

    def link_up(self, t_us):
        """True: the link is as good as it is."""
        return True

    def reboot_due(self, t_us):
        """False: nobody has planned one."""
        return False


def simulated_window(values, settings, board):
    """(world, window) of a parsed event table; raises ConfigError."""
    from firmware.sensors.simulated import SimulatedWindow
    from firmware.world.world import World

    try:
        world = World(values, settings.apid)
    except (KeyError, TypeError, IndexError) as error:
        raise ConfigError("the event table is not complete: %r" % error)
    except ValueError as error:
        raise ConfigError(str(error))
    return world, SimulatedWindow(world)


def real_window(values, settings, board):
    """(world, window) of a parsed wiring; raises ConfigError."""
    from firmware.sensors.wiring import hardware_window

    try:
        return Unplanned(), hardware_window(values, board)
    except ConfigError as error:
        raise ConfigError("%s: %s" % (settings.window, error))
