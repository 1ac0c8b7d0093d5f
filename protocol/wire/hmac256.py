"""HMAC-SHA256 (RFC 2104) over hashlib alone: MicroPython has no hmac module."""

from hashlib import sha256


def hmac256(key: bytes, message: bytes) -> bytes:
    """32-byte HMAC-SHA256 of message under key (both bytes)."""
    if len(key) > 64:
        key = sha256(key).digest()
    key = key + bytes(64 - len(key))
    inner = sha256(bytes(b ^ 0x36 for b in key))
    inner.update(message)
    outer = sha256(bytes(b ^ 0x5C for b in key))
    outer.update(inner.digest())
    return outer.digest()


def equal(a: bytes, b: bytes) -> bool:
    """Compare two byte strings in a time that does not tell where they differ."""
    if len(a) != len(b):
        return False
    difference = 0
    for x, y in zip(a, b):  # noqa: B905 - MicroPython's zip has no strict
        difference |= x ^ y
    return difference == 0


def derived_key(key: bytes, nonce: bytes) -> bytes:
    """The key that follows a key; no secret but the key itself goes into it."""
    return hmac256(key, b"rotate" + nonce)
