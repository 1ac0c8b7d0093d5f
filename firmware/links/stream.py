"""Serial frames over a byte stream that may have nobody at its other end."""

import asyncio

from protocol.wire.frame import Deframer, encode

BEAT_S = 0.5
NOBODY_S = 0.1  # an end that hung up gives no sign when someone comes back


class StreamLink:
    """Frames on `line`, whose write(data) returns how many bytes it took, and async read() bytes.

    Both may raise OSError.
    """

    def __init__(self, line):
        self._line = line
        self._rest = b""
        self._deframer = Deframer()

    def send(self, packet):
        """Begin to send a packet; False when the line still holds the one before."""
        self.proceed()
        if self._rest:
            return False
        self._rest = encode(packet)
        self.proceed()
        return True

    def proceed(self):
        """Go on with a frame that the line has taken in part."""
        if self._rest:
            try:
                self._rest = self._rest[self._line.write(self._rest) :]
            except OSError:
                pass  # nobody there: the recorder has it

    async def run(self, on_packet, beat):
        """Give on_packet every packet that comes in, for ever; await beat() again and again."""
        while True:
            await beat()
            try:
                await asyncio.wait_for(self._read(on_packet), BEAT_S)
            except asyncio.TimeoutError:
                pass

    async def _read(self, on_packet):
        """To be cancelled while it waits: then it holds nothing that it has read."""
        while True:
            try:
                data = await self._line.read()
            except OSError:
                data = b""
            if not data:
                await asyncio.sleep(NOBODY_S)
            for packet, _ in self._deframer.feed(data):
                if packet is not None:
                    on_packet(packet)
            await asyncio.sleep(0)  # a flooded line always has data: sampling gets its turn
