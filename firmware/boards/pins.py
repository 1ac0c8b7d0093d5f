"""A board with pins: what a real window's sensors are wired to."""

from machine import ADC, PWM, Pin

from firmware.boards.generic import GenericBoard

_THRESHOLD_HZ = 100000  # a low-pass of some 100 Hz leaves a hundredth of a dB of it


class PinBoard(GenericBoard):
    """A microcontroller; `edge_source` and `edge_keys` are each one's own."""

    def adc(self, pin):
        """An object whose `read_u16()` gives the voltage at a pin as 0 … 65535."""
        return ADC(Pin(pin))

    def output(self, pin):
        """An object whose `value(level)` sets a pin."""
        return Pin(pin, Pin.OUT, value=0)

    def pwm(self, pin):
        """An object whose `duty_u16(duty)` sets a pin's mean voltage."""
        return PWM(Pin(pin), freq=_THRESHOLD_HZ, duty_u16=0)
