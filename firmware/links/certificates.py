"""The certificates that a TLS link trusts, read from a PEM or DER file."""

from binascii import a2b_base64

from firmware.errors import ConfigError
from firmware.settings import words

_BEGIN = b"-----BEGIN CERTIFICATE-----"
_END = b"-----END CERTIFICATE-----"
_SEQUENCE = b"\x30"  # a DER certificate's first byte (X.690)


def read_certificates(path):
    """A list of DER certificates; raises ConfigError. Not every MicroPython can read PEM itself."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise ConfigError("cannot read the certificate file %s (%s)" % (path, words(error)))
    if data[:1] == _SEQUENCE:
        return [data]
    bodies = [piece.split(_END)[0] for piece in data.split(_BEGIN)[1:]]
    try:
        found = [a2b_base64(body) for body in bodies]
    except ValueError:
        found = []
    if not found:
        raise ConfigError("ca: %s holds no certificate in PEM or DER form" % path)
    return found
