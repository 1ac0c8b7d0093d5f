"""A real window's parts on CPython: calibration, edges, peak detectors, an external converter."""

import random
from array import array

import pytest

from firmware.detector.hit import Detector
from firmware.sensors.analog import Analog, scale
from firmware.sensors.capture import CHANNELS, NO_PULSE, SAMPLES
from firmware.sensors.edges import EdgeInput
from firmware.sensors.envelope import EnvelopeInput
from firmware.sensors.external import ExternalInput
from firmware.sensors.hardware import HardwareWindow
from firmware.sensors.threshold import PwmThreshold
from hil_tests.unit.event_table import captured

STEP_US = 20_000


class SmallInt(int):
    """A board's small integer: anything that needs more would take heap."""

    def __new__(cls, value):
        if not -(1 << 30) <= int(value) < 1 << 30:
            raise OverflowError(f"{int(value)} needs heap on a 32-bit board")
        return super().__new__(cls, value)


def _kept_small(name):
    plain = getattr(int, name)
    setattr(SmallInt, name, lambda self, other: SmallInt(plain(int(self), int(other))))


for _name in ("__add__", "__radd__", "__sub__", "__mul__", "__rmul__", "__floordiv__", "__mod__",
              "__lshift__", "__rshift__", "__and__"):  # fmt: skip
    _kept_small(_name)


def test_scale_is_exact_and_needs_no_heap():
    rng = random.Random(1)
    for _ in range(2000):
        denominator = rng.randrange(1024, 1 << 23)
        value = rng.randrange(-denominator, denominator + 1)
        numerator = rng.randrange(1 << 24)
        found = scale(SmallInt(value), SmallInt(numerator), SmallInt(denominator))
        assert found == (2 * value * numerator + denominator) // (2 * denominator)


class Adc:
    def __init__(self, *counts):
        self.counts = list(counts)

    def read_u16(self):
        return self.counts.pop(0) if len(self.counts) > 1 else self.counts[0]


def test_readings_are_averaged_to_parts_of_a_count():
    analog = Analog(Adc(1000, 1001, 1001, 1001), (0, 65535), (0, 6_553_500), 4)
    assert analog.read() == 100_075


def test_a_falling_calibration():
    analog = Analog(Adc(16384), (0, 65536), (90_000, -30_000), 1)
    assert analog.read() == 60_000


class Pin:
    level = 0

    def value(self, level):
        self.level = level


def test_a_multiplexer_is_set_before_the_reading():
    pins = [Pin(), Pin(), Pin()]

    class Adc8:
        def read_u16(self):
            return 1000 * sum(pin.level << i for i, pin in enumerate(pins))

    found = [Analog(Adc8(), (0, 65535), (0, 65535), 1, pins, k).read() for k in range(8)]
    assert found == [1000 * k for k in range(8)]


class Source:
    rate_hz = 10_000_000

    def __init__(self):
        self.waiting = []
        self.armed = []

    def arm(self, lockout_us):
        self.armed.append(lockout_us)

    def collect(self, edges):
        edges.extend(self.waiting)
        self.waiting = []


@pytest.fixture
def source():
    return Source()


def sighted(source, edges, peaks=(), now_us=1_000_000):
    """The sightings of edges as [(arrivals, trigger)], and the lone crossings."""
    front = EdgeInput(source, None, peaks)
    source.waiting = list(edges)
    front.advance(now_us)
    found = []
    while capture := front.capture():
        assert capture.pulse == NO_PULSE
        found.append((list(capture.arrivals), list(capture.peaks), capture.trigger_us))
        front.release(False)
    return found, front.crossings


def test_two_channels_are_lone_crossings(source):
    found, crossings = sighted(source, [(5000, 0), (5100, 1), (6200, 2)])
    assert found == []
    assert crossings == [1, 1, 1, 0, 0, 0]


def test_three_within_100_us_are_an_impact_with_its_peaks(source):
    peaks = [Analog(Adc(k * 1000), (0, 65535), (0, 65535), 1) for k in range(CHANNELS)]
    found, crossings = sighted(source, [(5009, 4), (5900, 1), (6009, 2), (6010, 3)], peaks)
    assert found == [([-1, 900, 1009, -1, 9, -1], [0, 1000, 2000, 0, 4000, 0], 500)]
    assert crossings == [0, 0, 0, 1, 0, 0], "one 0.1 µs too late"


def test_a_crossing_before_an_impact_is_not_its_first(source):
    """It would take the last arrivals out of the 100 µs."""
    noise, impact = [(4500, 5)], [(5000, 0), (5200, 1), (5400, 2), (5590, 3), (5700, 4)]
    found, crossings = sighted(source, noise + impact)
    assert found == [([0, 200, 400, 590, 700, -1], [0] * 6, 500)]
    assert crossings == [0, 0, 0, 0, 0, 1]


def test_an_impact_is_judged_when_all_of_it_is_there(source):
    front = EdgeInput(source, None, ())
    source.waiting = [(10_000, 0), (10_100, 1)]
    front.advance(1_700)
    assert front.crossings == [0] * 6
    source.waiting = [(10_300, 2)]
    front.advance(1_800)
    assert front.capture().arrivals[:3] == [0, 100, 300]


def test_the_lockout_arms_the_source_once(source):
    front = EdgeInput(source, None, ())
    for lockout_us in (1000, 1000, 2000):
        front.configure(4000, lockout_us)
    assert source.armed == [1000, 2000]


def test_the_threshold_is_a_share_of_the_supply():
    class Pwm:
        def duty_u16(self, duty):
            self.duty = duty

    pwm = Pwm()
    PwmThreshold(pwm, 10_000, 3300).set(4000)  # 100 µV, times 10,000
    assert pwm.duty == pytest.approx(65535 / 3.3, abs=2)
    PwmThreshold(pwm, 10_000, 3300).set(6000)
    assert pwm.duty == 65535


class Level:
    value = 0

    def read(self):
        return self.value


class Envelope:
    def __init__(self):
        self.levels = [Level() for _ in range(CHANNELS)]
        self.front = EnvelopeInput(self.levels)
        self.front.configure(4000, 1000)
        self.now_us = 0

    def samples(self, *rows):
        """Read each row of six levels; returns sightings."""
        found = []
        for row in rows:
            for level, value in zip(self.levels, row, strict=True):
                level.value = value
            self.now_us += STEP_US
            self.front.advance(self.now_us)
            if capture := self.front.capture():
                found.append((capture.trigger_us, list(capture.arrivals), list(capture.peaks)))
                self.front.release(False)
        return found


QUIET = [0] * 6


def test_an_envelope_gives_peaks_and_the_sample():
    envelope = Envelope()
    first, second = [7000, 0, 0, 3999, 0, 0], [6500, 6900, 5000, 3000, 0, 0]
    found = envelope.samples(QUIET, first, second, QUIET, QUIET)
    assert found == [(STEP_US, [0, 0, 0, -1, -1, -1], [7000, 6900, 5000, 0, 0, 0])]
    assert envelope.front.crossings == QUIET


def test_fewer_than_three_envelopes_are_lone_crossings_and_the_next_impact_is_one():
    envelope = Envelope()
    loud = [7000] * 6
    found = envelope.samples(QUIET, [7000, 7000, 0, 0, 0, 0], QUIET, QUIET, loud, loud, loud, QUIET)
    assert envelope.front.crossings == [1, 1, 0, 0, 0, 0]
    assert found == [(4 * STEP_US, [0] * 6, [7000] * 6)]


class Converter:
    """Gives recorded captures, as a converter with memory of its own would."""

    sample_rate_hz = 2_500_000

    def __init__(self, *recorded):
        self.crossings = [0] * CHANNELS
        self.recorded = list(recorded)
        self.settings = []

    def configure(self, threshold_nv, lockout_us):
        self.settings.append((threshold_nv, lockout_us))

    def capturing(self):
        return bool(self.recorded)

    def take(self):
        return (self.recorded[0].trigger_us, self.recorded[0].gain_db) if self.recorded else None

    def done(self):
        self.recorded.pop(0)

    def read(self, k, samples, start):
        samples[start : start + SAMPLES] = self.recorded[0].samples[k * SAMPLES :][:SAMPLES]


def features(capture):
    detector = Detector()
    detector.detect(capture)
    return [vars(hit) for hit in detector.hits]


def test_an_external_converter_goes_through_the_same_detector():
    strikes = [
        (1_000_000, "impact", 0, x_um, -20_000, 100, 10_000_000, 2700, 0) for x_um in (0, 60_000)
    ]
    recorded = [captured(strike) for strike in strikes]
    wanted = [features(capture) for capture in recorded]
    assert [hit["valid"] for hit in wanted[0]] == [True] * 6
    window = HardwareWindow([], ExternalInput(Converter(*recorded)), lambda: 5_000_000)
    window.configure(4000, 1000)
    window.advance(3_000_000)  # so the unit began at 2 s of the board's clock
    assert (window.capability, window.sample_rate_hz) == (3, 2_500_000)
    first = window.capture()
    assert first.trigger_us == recorded[0].trigger_us - 2_000_000
    assert features(first) == wanted[0]
    assert window.capture() is None, "one at a time"
    window.release(keep=True)
    kept = array("h", window.kept.samples)
    second = window.capture()
    assert not second.kept, "the buffer is frozen: a glimpse"
    assert features(second) == wanted[1]
    window.release(keep=True)
    assert window.kept.samples == kept
    window.thaw()
    assert window.kept is None
    assert window.capture() is None


def test_a_converter_of_another_rate_is_refused():
    converter = Converter()
    converter.sample_rate_hz = 1_000_000
    with pytest.raises(Exception, match="1000000 samples/s, the detector needs 2500000"):
        ExternalInput(converter)


def test_what_no_sensor_has_is_said_so():
    window = HardwareWindow([], EdgeInput(Source(), None, ()), lambda: 0)
    assert not window.reference([0] * 6)
    assert not window.pulse(0)
    assert not hasattr(window, "stimulate"), "a stimulus is refused as not possible on the board"
    assert window.crossing_interval_s() > 100 * 86400, "nobody knows: no channel is judged dead"


def test_a_capture_is_under_way_from_its_first_edge_until_it_is_judged(source):
    window = HardwareWindow([], EdgeInput(source, None, ()), lambda: clock[0])
    clock = [1_000_000]
    assert not window.capturing()
    source.waiting = [(10_000_000 - 100, k) for k in range(3)]
    window.advance(0)
    assert window.capturing()
    assert window.capture() is None
    clock[0] += 2_000
    window.advance(2_000)
    assert not window.capturing()
    assert window.capture() is not None


def test_an_envelope_is_gathered_over_two_samples_and_a_converter_says_itself():
    front = EnvelopeInput([Analog(Adc(0, 65535), (0, 65535), (0, 65535), 1) for _ in range(6)])
    front.configure(4000, 1000)
    found = []
    for sample in range(4):
        front.advance(sample * STEP_US)
        found.append(front.capturing())
    assert found == [False, True, False, False]
    converter = Converter("recorded")
    assert ExternalInput(converter).capturing()
    converter.done()
    assert not ExternalInput(converter).capturing()
