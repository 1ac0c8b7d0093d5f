"""A unit whose line is flooded samples on time and goes on with its telemetry."""

import asyncio
import os
import socket
import threading
from contextlib import suppress

import pytest

from firmware.links.broker import MESSAGE_BYTES, split
from firmware.links.cpython import Descriptor
from firmware.links.stream import StreamLink
from hil_tests.support.bench import APID
from hil_tests.unit.test_unit_app import make
from protocol.schema.decode import decode
from protocol.wire import tables, tc
from protocol.wire.frame import Deframer, encode

FLOOD_S = 2
GAP_US = 400_000
PACKET = tc.build(tables.TC_ALIVE, APID, 0, 1, bytes(32), ())


@pytest.mark.parametrize(
    "chunk",
    [bytes(65536), os.urandom(65536), b"\x55" * 65536, encode(PACKET) * 1000],
    ids=["zeros", "garbage", "no_delimiter", "forged_frames"],
)
async def test_a_flooded_line_does_not_delay_sampling(chunk):
    ours, theirs = socket.socketpair()
    app = make(StreamLink(Descriptor(ours.fileno())))
    deframer = Deframer()
    received = []

    def flood():
        with suppress(OSError):
            while True:
                theirs.sendall(chunk)

    def listen():
        while data := theirs.recv(65536):
            received.extend(packet for packet, _ in deframer.feed(data))

    threads = [threading.Thread(target=work) for work in (flood, listen)]
    running = asyncio.create_task(app.run())
    for thread in threads:
        thread.start()
    threading.Timer(FLOOD_S, ours.shutdown, [socket.SHUT_RDWR]).start()  # were the loop stopped
    for thread in threads:
        await asyncio.to_thread(thread.join)
    app.stop()
    await asyncio.wait_for(running, 10)
    ours.close()
    theirs.close()
    housekeeping = [p for p in map(decode, received) if p.name == "housekeeping"]
    assert len(housekeeping) >= FLOOD_S, "telemetry goes on"
    assert max(p.raw["longest_gap_us"] for p in housekeeping) < GAP_US


@pytest.mark.parametrize(
    ("message", "pieces"),
    [
        (b"", []),
        (PACKET, [PACKET]),
        (PACKET * 3, [PACKET] * 3),
        (PACKET + PACKET[:9], [PACKET, PACKET[:9]]),
        (PACKET + b"\x18", [PACKET, b"\x18"]),
        (PACKET + bytes(4000) + PACKET, [PACKET, bytes(4000) + PACKET]),
        (bytes(MESSAGE_BYTES), [bytes(MESSAGE_BYTES)]),
        (bytes(MESSAGE_BYTES + 1), [b""]),
        (PACKET * 1000, [b""]),
    ],
)
def test_a_message_is_cut_into_whole_packets_and_one_rest(message, pieces):
    assert split(message) == pieces
