"""Boot ids: 1 … 65535 and then 1 again, so which came later is a matter of distance (RFC 1982)."""

LAST = 0xFFFF
_HALF = 0x8000
_UNSAVED = 256  # starts in a row that could not write the boot file but some segment


def later(boot, other):
    """True when `boot` came after `other`."""
    return 0 < (boot - other) % LAST < _HALF


def age(boot, current):
    """How many boots before the current one."""
    return (current - boot) % LAST


def following(saved, kept):
    """The id of a new boot; saved: the last one's or None, kept: those of stored segments.

    An id that is still kept from the round before is passed over.
    """
    last = saved
    for boot in kept:
        if last is None or (saved is None and later(boot, last)) or 0 < age(last, boot) < _UNSAVED:
            last = boot
    boot = (last or 0) % LAST + 1
    while boot in kept:
        boot = boot % LAST + 1
    return boot
