"""The kinds of link that MicroPython opens on any board, beside its console."""

from firmware.errors import ConfigError
from firmware.links.stream import StreamLink


def open_link(settings):
    """`mqtt://…`, `mqtts://…` or `uart:N…`; raises ConfigError when it can never work."""
    kind, _, rest = settings.link.partition(":")
    if kind in ("mqtt", "mqtts"):
        return _mqtt(settings)
    if kind == "uart":
        return StreamLink(_uart(rest))
    raise ConfigError("link: %s: MicroPython links by console, uart:N or mqtt[s]://host" % kind)


def _mqtt(settings):
    from firmware.links.broker import Broker, topic

    try:
        from firmware.links.mqtt_board import MqttLink
    except ImportError:
        raise ConfigError("link: MQTT needs the package chumicro_mqtt in the board's lib folder")
    from firmware.links.transport import tls_context

    broker = Broker(settings.link)
    if not _is_address(broker.host):  # looking a name up would stop the sampling meanwhile
        raise ConfigError("link: %s: a board looks up no names, give an IPv4 address" % broker.host)
    return MqttLink(
        broker,
        topic(settings.vehicle, settings.unit),
        "panewatch-%s-%s" % (settings.vehicle, settings.unit),
        tls_context(settings.ca) if broker.tls else None,
        _wifi(settings.wifi) if settings.wifi else None,
    )


def _is_address(host):
    parts = host.split(".")
    return len(parts) == 4 and all(part.isdigit() and int(part) < 256 for part in parts)


def _wifi(account):
    try:
        from firmware.links.wifi import Wifi
    except ImportError:
        raise ConfigError("wifi: this board has none")
    return Wifi(account["ssid"], account["password"]).join


def _uart(text):
    try:
        from firmware.links.uart import Uart
    except ImportError:
        raise ConfigError("link: this board's MicroPython has no UART")
    return Uart(text)
