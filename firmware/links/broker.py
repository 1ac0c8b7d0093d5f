"""What the MQTT links of both runtimes share: the broker's address, topics, packets of a message.

Whole packets on panewatch/<schema>/<vehicle>/<unit>/{tm,tc,status}, QoS 1. Durability rests on the
unit's recorder, never on the broker.
"""

from firmware.errors import ConfigError
from protocol.wire.frame import whole
from protocol.wire.tables import SCHEMA_HASH

QOS = 1
PORTS = {"mqtt": 1883, "mqtts": 8883}
MESSAGE_BYTES = 8192  # a message is one or more whole packets; a longer one is refused
ONLINE = b"online"
OFFLINE = b"offline"


class Broker:
    """A broker at `mqtt://[user:password@]host[:port]`, `mqtts://…` with TLS. Raises ConfigError.

    `user` and `password` are None where there are none; %XX in them is decoded.
    """

    def __init__(self, link):
        kind, _, rest = link.partition("://")
        account, _, address = rest.partition("/")[0].rpartition("@")
        user, colon, password = account.partition(":")
        self.tls = kind == "mqtts"
        self.user = _plain(user) if user else None
        self.password = _plain(password) if colon else None
        self.host, port = _address(address)
        if not self.host:
            raise ConfigError("link: %s:// needs a host" % kind.partition(":")[0])
        if port and not (port.isdigit() and 1 <= int(port) <= 65535):
            raise ConfigError("link: no port from 1 to 65535 after the host")  # may be a password
        self.port = int(port) if port else PORTS[kind]
        self.name = "%s://%s:%d" % (kind, self.host, self.port)


def topic(vehicle, unit):
    """What a unit's topics begin with."""
    return "panewatch/%08x/%s/%s" % (SCHEMA_HASH, vehicle, unit)


def split(data):
    """Whole space packets of a message, by their length fields.

    What follows the last whole one comes as one piece, for the unit to count as refused; of a
    message above MESSAGE_BYTES, only an empty piece.
    """
    if len(data) > MESSAGE_BYTES:
        return [b""]
    packets = []
    at = 0
    while at < len(data):
        end = at + int.from_bytes(data[at + 4 : at + 6], "big") + 7
        packet = data[at:end]
        if not whole(packet):
            packets.append(data[at:])
            break
        packets.append(packet)
        at = end
    return packets


def _address(text):
    """(host, port) of `host[:port]`, of an IPv6 address in brackets too."""
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        return host, rest.partition(":")[2]
    host, _, port = text.partition(":")
    return host, port


def _plain(text):
    """Text with its %XX decoded."""
    parts = text.split("%")
    data = parts[0].encode()
    try:
        for part in parts[1:]:
            data += bytes((int(part[:2], 16),)) + part[2:].encode()
        return data.decode()
    except ValueError:
        raise ConfigError("link: a % in the account is not followed by two hexadecimal digits")
