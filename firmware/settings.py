"""The configuration of a unit: one JSON file (docs/architecture.md, "The unit")."""

import json

from firmware.errors import ConfigError
from firmware.store.recorder import SEGMENT_BYTES

CONFIG_VERSION = 1
KEY_BYTES = 32
STORE_BYTES = 4 * 1024 * 1024  # 9 h without the ground; its index fits a heap of 200 KB
NAME_BYTES = 16
APIDS = 2047  # 0x7FF is the idle packet's

_NAMES = (
    "version", "vehicle", "unit", "apid", "link", "key", "store", "table",
    "speed_milli", "until_eof", "store_bytes",
)  # fmt: skip


class Settings:
    """Who a unit is and what it is attached to. Raises ConfigError.

    `values` is the parsed JSON object. A simulation needs neither link, key nor store: with
    `live=False` they may be missing.
    """

    def __init__(self, values, live=True):
        if not isinstance(values, dict):
            raise ConfigError("the configuration must be a JSON object")
        for name in values:
            if name not in _NAMES:
                raise ConfigError("unknown key: %s" % name)
        needed = None if live else ""
        self.version = _take(values, "version", int)
        self.vehicle = _take(values, "vehicle", str)
        self.unit = _take(values, "unit", str)
        self.apid = _take(values, "apid", int)
        self.link = _take(values, "link", str, needed)
        self.store = _take(values, "store", str, needed)
        self.table = _take(values, "table", str)
        self.speed_milli = _take(values, "speed_milli", int, 1000)
        self.until_eof = _take(values, "until_eof", bool, False)
        self.store_bytes = _take(values, "store_bytes", int, STORE_BYTES)
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
        if self.store_bytes < SEGMENT_BYTES:
            raise ConfigError("store_bytes must be at least %d" % SEGMENT_BYTES)


def _take(values, name, kind, default=None):
    """The value of a key; without a default it must be there."""
    value = values.get(name, default)
    if value is None:
        raise ConfigError("missing key: %s" % name)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ConfigError("%s must be of type %s" % (name, kind.__name__))
    return value


def load_json(path):
    """The content of a JSON file; raises ConfigError."""
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except OSError as error:
        raise ConfigError("cannot read %s (%s)" % (path, words(error)))
    except ValueError:
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
