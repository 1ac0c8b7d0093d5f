"""An MQTT broker that accepts and acknowledges all at once, for one client; for both Pythons."""

_CONNECT, _PUBLISH, _SUBSCRIBE = 1, 3, 8  # MQTT 3.1.1, 2.2.1


class Broker:
    """Give `take` what the client sends; `messages` counts those that it published."""

    def __init__(self):
        self.messages = 0
        self._rest = b""

    def take(self, data):
        """The answer to some bytes of the client's stream, wherever they end."""
        self._rest += bytes(data)
        answer = b""
        while True:
            start, end = self._packet()
            if not end:
                return answer
            answer += self._answer(self._rest[0] >> 4, self._rest[start:end])
            self._rest = self._rest[end:]

    def _packet(self):
        """Where the first packet's body starts and ends; (0, 0) while it is not whole."""
        size = shift = 0
        for at in range(1, len(self._rest)):
            byte = self._rest[at]
            size |= (byte & 127) << shift
            shift += 7
            if not byte & 128:
                end = at + 1 + size
                return (at + 1, end) if end <= len(self._rest) else (0, 0)
        return 0, 0

    def _answer(self, kind, body):
        if kind == _CONNECT:
            return b"\x20\x02\x00\x00"
        if kind == _SUBSCRIBE:
            return b"\x90\x03" + body[:2] + b"\x01"
        if kind == _PUBLISH:
            self.messages += 1
            at = 2 + (body[0] << 8 | body[1])
            return b"\x40\x02" + body[at : at + 2]
        return b""
