"""TCP that never waits, with TLS over it (MicroPython): what chumicro-mqtt takes for a socket.

chumicro-mqtt's own connector makes its TLS handshake in one blocking call, in which a silent broker
would stop the sampling.
"""

import asyncio
import errno
import select
import socket

from firmware.errors import ConfigError

CONNECT_S = 10.0
POLL_S = 0.02


def tls_context(ca):
    """Trusts the certificates of the file `ca` alone, always; raises ConfigError."""
    try:
        import ssl  # noqa: PLC0415 - a board may have none
    except ImportError:
        raise ConfigError("mqtts: this board's MicroPython has no ssl; use mqtt://")
    from firmware.links.certificates import read_certificates  # noqa: PLC0415 - not without TLS

    if not ca:
        raise ConfigError("mqtts: ca is missing: the file of the certificate behind the broker's")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_mode = ssl.CERT_REQUIRED  # type: ignore[attr-defined]  # not in the stubs
    try:
        for certificate in read_certificates(ca):
            context.load_verify_locations(cadata=certificate)
    except ValueError:
        raise ConfigError("ca: %s holds no certificate that this board can read" % ca)
    return context


async def connect(host, port, context):
    """A Transport to an address; raises OSError. `context` None: without TLS.

    With TLS the handshake goes on in the first calls of `send` and `recv_into`.
    """
    plain = socket.socket()
    try:
        plain.setblocking(False)
        try:
            plain.connect(socket.getaddrinfo(host, port)[0][-1])
        except OSError as error:
            if error.errno != errno.EINPROGRESS:
                raise
        await _connected(plain)
        return Transport(plain, context, host)
    except BaseException:  # a cancellation too
        plain.close()
        raise


async def _connected(plain):
    poll = select.poll()
    poll.register(plain, select.POLLOUT)
    polls = round(CONNECT_S / POLL_S)
    while not (events := poll.poll(0)):
        polls -= 1
        if polls < 0:
            raise OSError(errno.ETIMEDOUT)
        await asyncio.sleep(POLL_S)
    if events[0][1] & (select.POLLERR | select.POLLHUP):
        plain.read(1)  # raises what went wrong
        raise OSError(errno.ECONNREFUSED)


class Transport:
    """An open connection. Its calls raise OSError, or ValueError for a certificate refused."""

    def __init__(self, plain, context, host):
        self._stream = plain
        self._tls = context is not None
        self._held = b""
        if self._tls:
            self._stream = context.wrap_socket(
                plain, server_hostname=host, do_handshake_on_connect=False
            )

    def send(self, data):
        """Take some of the bytes; returns how many.

        mbedTLS insists on bytes that it could not write: they must come again before any others.
        """
        if not self.flush():
            return 0
        taken = self._stream.write(data)
        if taken is None and self._tls:
            self._held = bytes(data)
            return len(data)
        return taken or 0

    def flush(self):
        """Go on with bytes that were taken; True when none are left."""
        while self._held:
            taken = self._stream.write(self._held)
            if taken is None:
                return False
            self._held = self._held[taken:]
        return True

    def recv_into(self, buffer, size):
        """Read what is there into the buffer; returns how many bytes, 0 at the end."""
        got = self._stream.readinto(buffer, size)
        if got is None:
            raise OSError(errno.EAGAIN)
        return got

    def close(self):
        """Hang up."""
        self._stream.close()
