"""Serial lines without hardware carry every byte, and outlive a hang-up at either end."""

import asyncio
import os
from urllib.parse import urlsplit

import pytest

from tools.run.lines import PtyLine, TcpLine, has_pty

EVERY_BYTE = bytes(range(256))


@pytest.mark.skipif(not has_pty(), reason="no pseudo-terminals on this system")
def test_pty_carries_every_byte_both_ways_and_survives_a_hang_up():
    line = PtyLine()
    try:
        for _ in range(2):
            slave = os.open(line.ground_link, os.O_RDWR | os.O_NOCTTY)
            os.write(line.master, EVERY_BYTE)
            assert os.read(slave, 1000) == EVERY_BYTE
            os.write(slave, EVERY_BYTE)
            assert os.read(line.master, 1000) == EVERY_BYTE
            os.close(slave)
        with pytest.raises(BlockingIOError):
            os.read(line.master, 1)
    finally:
        line.close()


async def test_tcp_line_joins_two_callers_and_either_may_call_again():
    line = TcpLine()
    await line.open()

    async def call(link: str):
        url = urlsplit(link)
        return await asyncio.open_connection(url.hostname, url.port)

    try:
        ground_in, ground_out = await call(line.ground_link)
        async with asyncio.timeout(5):
            for _ in range(2):
                unit_in, unit_out = await call(line.unit_link)
                unit_out.write(EVERY_BYTE)
                assert await ground_in.readexactly(256) == EVERY_BYTE
                ground_out.write(EVERY_BYTE)
                assert await unit_in.readexactly(256) == EVERY_BYTE
                unit_out.close()
                await unit_out.wait_closed()
    finally:
        line.close()
