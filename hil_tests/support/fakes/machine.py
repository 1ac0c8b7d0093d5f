"""MicroPython's `machine` in a test: counts and levels are the test's."""

PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = 1, 2, 3, 4, 5
FREQ = 125000000
ADC_PINS = (26, 27, 28, 32, 33)
CLOCK_US = [0]  # the test's
CAUSE = [PWRON_RESET]
COUNTS = {}  # by (ADC pin, address of its multiplexer): counts to be read in turn, the last again
SELECT = []  # a multiplexer's address pins, the lowest bit first
PINS = {}
PWMS = {}


def freq():
    return FREQ


def reset_cause():
    return CAUSE[0]


def unique_id():
    return b"\x01\x02\x03\x04\x05\x06\x07\x08"


class Pin:
    IN, OUT = 0, 1
    PULL_DOWN = 1
    IRQ_RISING = 1

    def __init__(self, id, mode=IN, pull=None, value=0):
        self.id, self.mode, self.level = id, mode, value
        self.handler = None
        self.raised_us = None
        self.lowered = False
        PINS[id] = self

    def value(self, level=None):
        if level is None:
            return self.level
        if level and not self.level:
            self.raised_us = CLOCK_US[0]
        self.lowered = self.lowered or not level
        self.level = level
        return None

    def irq(self, handler, trigger):
        assert trigger == Pin.IRQ_RISING
        self.handler = handler


class ADC:
    ATTN_11DB = 3

    def __init__(self, pin, atten=None):
        if pin.id not in ADC_PINS:
            raise ValueError("Pin doesn't have ADC capabilities")
        self.id, self.atten = pin.id, atten

    def read_u16(self):
        address = sum([PINS[pin].level << i for i, pin in enumerate(SELECT)])
        counts = COUNTS[self.id, address]
        return counts.pop(0) if len(counts) > 1 else counts[0]

    def read_uv(self):
        return 50 * self.read_u16() + 49


class PWM:
    def __init__(self, pin, freq, duty_u16):
        self.pin, self.freq, self.duty = pin, freq, duty_u16
        PWMS[pin.id] = self

    def duty_u16(self, duty):
        if duty and not self.duty:
            self.pin.raised_us = CLOCK_US[0]
        self.duty = duty
