"""What ends a command: one clear line that says what to do, and an exit code."""

from __future__ import annotations


class CommandError(Exception):
    """Something the person at the keyboard can put right."""

    exit_code = 1


class InputError(CommandError):
    """Wrong from the start: an option, a file, a key, a port."""

    exit_code = 2


class RunError(CommandError):
    """It began and could not go on."""
