"""The configuration of a unit: one JSON file (docs/architecture.md, "The unit")."""

import json

from firmware.errors import ConfigError
from firmware.section import Section
from firmware.store.recorder import SEGMENT_BYTES

CONFIG_VERSION = 1
KEY_BYTES = 32
STORE_BYTES = 4 * 1024 * 1024  # 9 h without the ground; its index fits a heap of 200 KB
WATCHDOG_MS = 8000  # an RP2's has no more than 8388
WATCHDOG_LEAST_MS = 4000
NAME_BYTES = 16
REAL_TIME_MILLI = 1000
APIDS = 2047  # 0x7FF is the idle packet's

_NAMES = (
    "version", "vehicle", "unit", "apid", "link", "key", "store", "table", "window",
    "speed_milli", "until_eof", "store_bytes", "ca", "wifi", "watchdog_ms",
)  # fmt: skip


class Settings:
    """Who a unit is and what it is attached to. Raises ConfigError.

    `values` is the parsed JSON object. A simulation needs neither link, key nor store: with
    `live=False` they may be missing.
    """

    def __init__(self, values, live=True):
        Section(values).refuse_all_but(_NAMES)
        needed = None if live else ""
        self.version = _take(values, "version", int)
        self.vehicle = _take(values, "vehicle", str)
        self.unit = _take(values, "unit", str)
        self.apid = _take(values, "apid", int)
        self.link = _take(values, "link", str, needed)
        self.store = _take(values, "store", str, needed)
        self.window = _take(values, "window", str, "")  # its file; without one it is simulated
        self.table = _take(values, "table", str, "" if self.window and live else None)
        self.speed_milli = _take(values, "speed_milli", int, REAL_TIME_MILLI)
        self.until_eof = _take(values, "until_eof", bool, False)
        self.store_bytes = _take(values, "store_bytes", int, STORE_BYTES)
        self.ca = _take(values, "ca", str, "")
        self.wifi = _take(values, "wifi", dict, {})
        self.watchdog_ms = _take(values, "watchdog_ms", int, WATCHDOG_MS)
        key = _take(values, "key", str, needed)
        self._check()
        self.key = _read_key(key) if live else b""

    def _check(self):
        if self.version != CONFIG_VERSION:
            raise ConfigError(
                "version %d: this firmware reads version %d" % (self.version, CONFIG_VERSION)
            )
        for name, value in (("vehicle", self.vehicle), ("unit", self.unit)):
            if not 1 <= len(value.encode()) <= NAME_BYTES:
                raise ConfigError("%s must be 1 to %d bytes long" % (name, NAME_BYTES))
        if not 0 <= self.apid < APIDS:
            raise ConfigError("apid must be 0 to %d" % (APIDS - 1))
        if self.speed_milli <= 0:
            raise ConfigError("speed_milli must be above 0")
        if self.window and self.speed_milli != REAL_TIME_MILLI:
            raise ConfigError("speed_milli must be %d with a window" % REAL_TIME_MILLI)
        if self.wifi:
            if len(self.wifi) != 2:
                raise ConfigError("wifi needs ssid and password, and nothing else")
            for name in ("ssid", "password"):
                _take(self.wifi, name, str)
        if self.watchdog_ms and not WATCHDOG_LEAST_MS <= self.watchdog_ms <= WATCHDOG_MS:
            raise ConfigError(
                "watchdog_ms must be 0 (none) or %d to %d" % (WATCHDOG_LEAST_MS, WATCHDOG_MS)
            )
        if self.store_bytes < SEGMENT_BYTES:
            raise ConfigError("store_bytes must be at least %d" % SEGMENT_BYTES)


def _take(values, name, kind, default=None):
    """The value of a key; without a default it must be there."""
    return Section(values).take(name, kind, default)


def load_json(path):
    """The content of a JSON file; raises ConfigError."""
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except OSError as error:
        raise ConfigError("cannot read %s (%s)" % (path, words(error)))
    except (ValueError, RuntimeError):  # the latter: nested deeper than anyone has written it
        raise ConfigError("%s is not JSON" % path)


def words(error):
    """An OSError's words where it has any, else its number."""
    return getattr(error, "strerror", None) or str(error)


def _read_key(path):
    try:
        with open(path, "rb") as file:
            key = file.read(KEY_BYTES + 1)
    except OSError as error:
        raise ConfigError("cannot read the key %s (%s)" % (path, words(error)))
    if len(key) != KEY_BYTES:
        raise ConfigError("the key %s must be %d bytes" % (path, KEY_BYTES))
    return key
