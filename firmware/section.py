"""One object of a configuration, read key by key."""

from firmware.errors import ConfigError


class Section:
    """The keys of a JSON object; `name` is its place in the file, "" for the whole."""

    def __init__(self, values, name=""):
        if not isinstance(values, dict):
            raise ConfigError("%s must be a JSON object" % (name or "the configuration"))
        self._values = values
        self._name = name

    def named(self, name):
        """A key's whole name in the file."""
        return "%s.%s" % (self._name, name) if self._name else name

    def refuse_all_but(self, names):
        """Raises ConfigError for a key that is not among `names`."""
        for name in self._values:
            if name not in names:
                raise ConfigError("unknown key: %s" % self.named(name))

    def take(self, name, kind, default=None):
        """The value of a key; without a default it must be there. Raises ConfigError."""
        value = self._values.get(name, default)
        if value is None:
            raise ConfigError("missing key: %s" % self.named(name))
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise ConfigError("%s must be of type %s" % (self.named(name), kind.__name__))
        return value

    def section(self, name):
        """An object within this one."""
        return Section(self.take(name, dict), self.named(name))

    def has(self, name):
        """True when the key is there."""
        return name in self._values

    def integer(self, name, low, high, default=None):
        """A whole number from low to high."""
        value = self.take(name, int, default)
        if not low <= value <= high:
            raise ConfigError("%s must be %d to %d, not %d" % (self.named(name), low, high, value))
        return value

    def integers(self, name, count, low, high, default=None):
        """A list of so many whole numbers from low to high."""
        values = self.take(name, list, default)
        sound = [v for v in values if isinstance(v, int) and not isinstance(v, bool)]
        if len(values) != count or len(sound) != count or min(sound) < low or max(sound) > high:
            raise ConfigError(
                "%s must be %d whole numbers from %d to %d, not %s"
                % (self.named(name), count, low, high, values)
            )
        return values
