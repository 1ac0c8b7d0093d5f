"""Raspberry Pi RP2040 and RP2350 (Pico, Pico W, Pico 2)."""

from firmware.boards.pins import PinBoard

_MACHINES = 8


class Rp2Board(PinBoard):
    """Its PIO time-stamps comparator edges."""

    edge_keys = ("start", "machines")

    def edge_source(self, section, pins):
        """Edges of comparators at `pins`; the section names the start pin. Raises ConfigError."""
        start = section.integer("start", 0, 47)
        machines = section.integers("machines", len(pins), 0, _MACHINES - 1, [0, 1, 2, 3, 4, 5])
        from firmware.sensors.pio_edges import PioEdges

        return PioEdges(pins, start, machines, self.clock_us)
