"""The configuration of a unit: one JSON file (docs/architecture.md, "The unit")."""

import json

from firmware.errors import ConfigError

CONFIG_VERSION = 1
KEY_BYTES = 32
STORE_BYTES = 8 * 1024 * 1024
APIDS = 2047  # 0x7FF is the idle packet's

_LIVE = ("link", "key", "store")
_DEFAULTS = {"speed_milli": 1000, "until_eof": False, "store_bytes": STORE_BYTES}
_TYPES = {
    "version": int,
    "vehicle": str,
    "unit": str,
    "apid": int,
    "link": str,
    "key": str,
    "store": str,
    "table": str,
    "speed_milli": int,
    "until_eof": bool,
    "store_bytes": int,
}


class Settings:
    """Who a unit is and what it is attached to. Raises ConfigError.

    `values` is the parsed JSON object. A simulation needs neither link, key nor store: with
    `live=False` they may be missing.
    """

    def __init__(self, values, live=True):
        if not isinstance(values, dict):
            raise ConfigError("the configuration must be a JSON object")
        for name in values:
            if name not in _TYPES:
                raise ConfigError("unknown key: %s" % name)
        for name in _TYPES:
            value = values.get(name, _DEFAULTS.get(name))
            if value is None:
                if live or name not in _LIVE:
                    raise ConfigError("missing key: %s" % name)
                value = ""
            if not isinstance(value, _TYPES[name]):
                raise ConfigError("%s must be of type %s" % (name, _TYPES[name].__name__))
            setattr(self, name, value)
        self._check()
        self.key = _read_key(self.key) if live else b""

    def _check(self):
        if self.version != CONFIG_VERSION:
            raise ConfigError(
                "version %d: this firmware reads version %d" % (self.version, CONFIG_VERSION)
            )
        for name in ("vehicle", "unit"):
            if not 1 <= len(getattr(self, name).encode()) <= 16:
                raise ConfigError("%s must be 1 to 16 bytes long" % name)
        if not 0 <= self.apid < APIDS:
            raise ConfigError("apid must be 0 to %d" % (APIDS - 1))
        if self.speed_milli <= 0:
            raise ConfigError("speed_milli must be above 0")
        if self.store_bytes < 4096:
            raise ConfigError("store_bytes must be at least 4096")


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
