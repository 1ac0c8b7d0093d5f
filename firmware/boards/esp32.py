"""Espressif ESP32."""

from machine import ADC, Pin

from firmware.boards.pins import PinBoard
from firmware.errors import ConfigError

_PINS = 40
_UV_A_COUNT = 50  # 3.3 V are 66,000, as elsewhere 65,535


class CalibratedAdc:
    """The ESP32's own counts are no straight line; its factory data make one of them."""

    def __init__(self, pin):
        self._adc = ADC(Pin(pin), atten=ADC.ATTN_11DB)

    def read_u16(self):
        """The voltage in 50 µV."""
        return self._adc.read_uv() // _UV_A_COUNT


class Esp32Board(PinBoard):
    """Its pulse counters time-stamp the edges of latched comparators."""

    edge_keys = ("reset", "clock")

    def adc(self, pin):
        """The voltage at a pin, up to 3.1 V."""
        return CalibratedAdc(pin)

    def edge_source(self, section, pins):
        """Edges of latches at `pins`; the section names the others. Raises ConfigError."""
        reset = section.integer("reset", 0, _PINS - 1)
        clock = section.integers("clock", 2, 0, _PINS - 1)
        try:
            from firmware.sensors.pcnt_edges import PcntEdges
        except ImportError:
            raise ConfigError("acoustic.kind edges: this ESP32 has no pulse counters")
        return PcntEdges(pins, reset, clock, self.clock_us, self._ticks, self._elapsed)
