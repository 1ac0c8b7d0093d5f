"""The wire contract: Construct, generated packer, decoder and vectors say the same."""

import json
from pathlib import Path

import pytest
from construct import Container
from hypothesis import given
from hypothesis import strategies as st

from protocol.schema import packet as construct_packet
from protocol.schema.decode import ENTRIES, DecodeError, decode, engineering
from protocol.schema.identity import schema_hash
from protocol.schema.parameter import parameters
from protocol.schema.telecommand import TELECOMMANDS
from protocol.schema.telemetry import TELEMETRY
from protocol.wire import cobs, cuc, tables, tc
from protocol.wire.crc import packet_check
from protocol.wire.frame import MAX_PACKET

VECTORS = json.loads((Path(__file__).parents[2] / "protocol/vectors.json").read_text())
KEY = bytes(range(32))


def _raw(vector: dict) -> dict:
    return {
        name: bytes.fromhex(value) if isinstance(value, str) else value
        for name, value in vector["values"].items()
    }


@pytest.mark.parametrize("vector", VECTORS["telemetry"], ids=lambda v: v["name"])
def test_telemetry_vector_decodes_alike_by_table_and_by_construct(vector):
    data = bytes.fromhex(vector["packet"])
    fast = decode(data)
    slow: Container = construct_packet.TM[vector["name"]].parse(data).content.value
    assert (fast.name, fast.apid, fast.boot_id, fast.record, fast.time_us) == (
        vector["name"],
        vector["apid"],
        vector["boot_id"],
        vector["record"],
        vector["time_us"],
    )
    assert fast.raw == _raw(vector)
    assert {k: v for k, v in slow.body.items() if k != "_io"} == fast.raw
    assert (slow.primary.apid, slow.record, slow.secondary.service) == (
        fast.apid,
        fast.record,
        fast.service,
    )


@pytest.mark.parametrize("vector", VECTORS["telecommands"], ids=lambda v: v["name"])
def test_telecommand_vector_parses_alike_on_board_and_by_construct(vector):
    data = bytes.fromhex(vector["packet"])
    command = tc.parse(data, vector["apid"], bytes.fromhex(vector["key"]))
    slow = construct_packet.TC[vector["name"]].parse(data).content.value
    assert command.failure == 0
    assert list(command.values) == list(_raw(vector).values())
    assert (slow.counter, slow.mac) == (command.counter, command.mac)


def test_every_declared_packet_fits_and_is_in_the_tables():
    assert [t.service for t in TELEMETRY] == list(tables.TM_SERVICE)
    assert schema_hash() == tables.SCHEMA_HASH
    for t in TELEMETRY:
        assert construct_packet.TM_OVERHEAD + t.body.sizeof() <= MAX_PACKET
    assert len({(t.service, t.subtype) for t in TELEMETRY}) == len(TELEMETRY)
    assert len({(c.service, c.subtype) for c in TELECOMMANDS}) == len(TELECOMMANDS)


def test_every_parameter_has_words():
    for declared in (*TELEMETRY, *TELECOMMANDS):
        for p in parameters(declared.body):
            assert p.entry.summary


@given(st.binary(max_size=600))
def test_cobs_round_trip_holds_no_zero(data):
    stuffed = cobs.encode(data)
    assert 0 not in stuffed
    assert len(stuffed) <= len(data) + 1 + len(data) // 254
    assert cobs.decode(stuffed) == data


@given(st.binary(max_size=600))
def test_cobs_decode_of_anything_gives_bytes_or_its_error(data):
    try:
        assert isinstance(cobs.decode(data), bytes)
    except cobs.CobsError as error:
        assert "COBS" in str(error)


@given(st.integers(min_value=0, max_value=(1 << 32) * 1_000_000 - 1))
def test_cuc_loses_no_microsecond(time_us):
    assert cuc.to_us(*cuc.from_us(time_us)) == time_us


def test_cuc_is_floor_on_encode():
    assert cuc.from_us(1_999_999) == (1, 16777199)
    assert cuc.from_us(1_000_000) == (1, 0)


@given(st.binary(max_size=MAX_PACKET + 20))
def test_decode_of_anything_gives_a_packet_or_its_error(data):
    with pytest.raises(DecodeError) as caught:
        decode(data)
    assert caught.value.data == data


@given(st.sampled_from(VECTORS["telemetry"]), st.data())
def test_any_flipped_bit_is_refused(vector, data):
    packet = bytearray.fromhex(vector["packet"])
    bit = data.draw(st.integers(min_value=0, max_value=8 * len(packet) - 1))
    packet[bit // 8] ^= 1 << bit % 8
    with pytest.raises(DecodeError):
        decode(bytes(packet))


def _signed(command: int = tables.TC_RETRIEVE, values=(1, 2, 3), key: bytes = KEY) -> bytearray:
    return bytearray(tc.build(command, 5, 1, 9, key, values))


def _recheck(packet: bytearray) -> bytes:
    packet[4:6] = (len(packet) - 7).to_bytes(2, "big")
    packet[-2:] = packet_check(packet[:-2]).to_bytes(2, "big")
    return bytes(packet)


@given(st.data())
def test_a_command_changed_anywhere_is_refused_even_with_its_crc_mended(data):
    packet = _signed()
    at = data.draw(
        st.integers(min_value=0, max_value=len(packet) - 3).filter(lambda i: i not in (4, 5))
    )
    packet[at] ^= data.draw(st.integers(min_value=1, max_value=255))
    command = tc.parse(_recheck(packet), 5, KEY)
    assert command is None or command.failure != 0


@pytest.mark.parametrize(
    ("make", "failure"),
    [
        (lambda: bytes(_signed(key=bytes(32))), tc.FAIL_FORGED),
        (lambda: _recheck(_signed(tables.TC_ALIVE, ())[:11] + bytes(2)), tc.FAIL_UNSIGNED),
        (lambda: _recheck(_signed()[:8] + bytes(2)), tc.FAIL_MALFORMED),
    ],
    ids=["other key", "no trailer", "too short"],
)
def test_commands_without_a_valid_trailer_are_refused(make, failure):
    assert tc.parse(make(), 5, KEY).failure == failure


def test_a_command_to_another_unit_is_refused():
    assert tc.parse(bytes(_signed()), 6, KEY).failure == tc.FAIL_APID


def test_engineering_values():
    hk = ENTRIES["housekeeping"]
    assert engineering(hk["p_gap2"], 1013250) == pytest.approx(101325.0)
    assert engineering(ENTRIES["boot"]["reset_reason"], 1) == "watchdog"
    assert engineering(ENTRIES["boot"]["reset_reason"], 99) == "unknown 99"
    assert engineering(ENTRIES["boot"]["vehicle"], b"sz20\0\0") == "sz20"
