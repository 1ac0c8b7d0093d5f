"""The file that says what a real window's sensors are wired to (docs/boards.md, "Sensors")."""

import sys

from firmware.errors import ConfigError
from firmware.section import Section
from firmware.sensors.acoustic import Acoustic
from firmware.sensors.analog import FULL_COUNT, MOST_READINGS, Analog
from firmware.sensors.capture import CHANNELS, spare
from firmware.sensors.edges import EdgeInput
from firmware.sensors.envelope import EnvelopeInput
from firmware.sensors.hardware import HardwareWindow
from firmware.sensors.slow import NAMES
from firmware.sensors.threshold import PwmThreshold

VERSION = 1
MOST_PIN = 48
_KEYS = ("version", "readings", "select", "slow", "acoustic")
_INPUT = ("adc", "channel", "counts", "values")
_LEAST_SPAN = 1024  # counts between the points of a calibration
_MOST_VALUE = 1 << 23
_MOST_DB = 12000  # 0.01 dB_AE
_MOST_QUIET_S = 1 << 24
_SELECTS = 4


def hardware_window(values, board):
    """The window of a parsed file on a board that has its pins; raises ConfigError."""
    if not hasattr(board, "edge_keys"):
        raise ConfigError("%s has no drivers for sensors: leave out window" % sys.platform)
    root = Section(values)
    root.refuse_all_but(_KEYS)
    root.integer("version", VERSION, VERSION)
    inputs = _Inputs(root, board)
    slow = root.section("slow")
    slow.refuse_all_but(NAMES)
    return HardwareWindow(
        [inputs.analog(slow.section(name), _MOST_VALUE) for name in NAMES],
        _acoustic(root.section("acoustic"), inputs, board),
        board.clock_us,
    )


class _Inputs:
    """What all analog inputs share: readings to average, and a multiplexer's address pins."""

    def __init__(self, root, board):
        self._board = board
        self._readings = root.integer("readings", 1, MOST_READINGS, 64)
        pins = root.take("select", list, [])
        if pins:
            root.integers("select", min(len(pins), _SELECTS), 0, MOST_PIN)
        self._select = [_made("select", board.output, pin) for pin in pins]

    def analog(self, section, most):
        """The input of a section, its values at most `most`."""
        section.refuse_all_but(_INPUT)
        pin = section.integer("adc", 0, MOST_PIN)
        channel = section.integer("channel", 0, (1 << len(self._select)) - 1, 0)
        counts = section.integers("counts", 2, 0, FULL_COUNT)
        values = section.integers("values", 2, -most, most)
        if counts[1] - counts[0] < _LEAST_SPAN:
            raise ConfigError(
                "%s must rise by %d or more, not %s"
                % (section.named("counts"), _LEAST_SPAN, counts)
            )
        adc = _made(section.named("adc"), self._board.adc, pin)
        return Analog(adc, counts, values, self._readings, self._select, channel)

    def levels(self, section, name):
        """Six inputs in 0.01 dB_AE."""
        found = section.take(name, list)
        if len(found) != CHANNELS:
            raise ConfigError("%s must be %d inputs" % (section.named(name), CHANNELS))
        return [
            self.analog(Section(found[k], "%s[%d]" % (section.named(name), k)), _MOST_DB)
            for k in range(CHANNELS)
        ]


def _made(name, make, *arguments):
    """What `make` makes; what MicroPython has against it is said of the key `name`."""
    try:
        return make(*arguments)
    except (ValueError, OSError) as error:
        raise ConfigError("%s: the board refuses %s (%s)" % (name, arguments[-1], error))


def _acoustic(section, inputs, board):
    kind = section.take("kind", str)
    if kind not in _KINDS:
        raise ConfigError(
            "%s must be none, edges, envelope or waveform, not %s" % (section.named("kind"), kind)
        )
    if kind != "waveform":
        spare()
    quiet_s = section.integer("quiet_s", 0, _MOST_QUIET_S, 0)
    return _KINDS[kind](section, inputs, board, quiet_s)


def _none(section, inputs, board, quiet_s):
    section.refuse_all_but(("kind", "quiet_s"))
    return Acoustic(quiet_s)


def _edges(section, inputs, board, quiet_s):
    section.refuse_all_but(("kind", "quiet_s", "pins", "threshold", "peaks") + board.edge_keys)
    pins = section.integers("pins", CHANNELS, 0, MOST_PIN)
    source = _made(section.named("pins"), board.edge_source, section, pins)
    threshold = None
    if section.has("threshold"):
        given = section.section("threshold")
        given.refuse_all_but(("pwm", "gain", "supply_mv"))
        threshold = PwmThreshold(
            _made(given.named("pwm"), board.pwm, given.integer("pwm", 0, MOST_PIN)),
            given.integer("gain", 1, 100000),
            given.integer("supply_mv", 1000, 5500, 3300),
        )
    peaks = inputs.levels(section, "peaks") if section.has("peaks") else []
    return EdgeInput(source, threshold, peaks, quiet_s)


def _envelope(section, inputs, board, quiet_s):
    section.refuse_all_but(("kind", "quiet_s", "peaks"))
    return EnvelopeInput(inputs.levels(section, "peaks"), quiet_s)


def _waveform(section, inputs, board, quiet_s):
    section.refuse_all_but(("kind", "quiet_s", "module", "options"))
    from firmware.sensors.external import ExternalInput

    name = section.take("module", str)
    try:
        module = __import__(name)
    except ImportError as error:
        raise ConfigError("%s: cannot import %s (%s)" % (section.named("module"), name, error))
    adc = _made(section.named("module"), module.open_adc, board, section.take("options", dict, {}))
    return ExternalInput(adc, quiet_s)


_KINDS = {"none": _none, "edges": _edges, "envelope": _envelope, "waveform": _waveform}
