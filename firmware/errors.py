"""What a person who starts a unit has to put right."""


class ConfigError(Exception):
    """One sentence that says what is wrong with the configuration and where."""
