"""Three decoders that are not ours read every packet type to the same values."""

import io
import itertools

import ccsdspy
import pytest
import space_packet_parser
from spacepackets.ccsds.spacepacket import SpacePacketHeader
from spacepackets.ecss.tm import PusTm

from firmware.sim import simulate
from hil_tests.unit.test_protocol import VECTORS
from protocol.schema.decode import ENTRIES, Decoded, decode, engineering
from protocol.schema.parameter import Parameter, parameters
from protocol.schema.telemetry import TELEMETRY
from protocol.wire import cuc
from tools.generate.xtce import as_xtce
from tools.scenario.compile import event_table
from tools.scenario.load import load


def _recording() -> list[bytes]:
    """A minute and a half of a unit to which everything happens, and one packet of each type."""
    scenario = load("everything")
    unit = scenario.units[0]
    made: list[bytes] = []
    config = {"version": 1, "vehicle": unit.vehicle, "unit": unit.unit, "apid": 5, "table": ""}
    simulate(config, event_table(scenario, unit), made.append)
    return [bytes(p) for p in made] + [bytes.fromhex(v["packet"]) for v in VECTORS["telemetry"]]


PACKETS = _recording()
OURS = [decode(p) for p in PACKETS]


def test_every_type_is_in_the_recording():
    assert {p.name for p in OURS} == {t.name for t in TELEMETRY}
    assert len(PACKETS) > 200


def test_space_packet_parser_through_our_xtce(tmp_path):
    path = tmp_path / "panewatch.xml"
    path.write_text(as_xtce(), encoding="utf-8")
    assert space_packet_parser.validate_xtce(path, level="structure").valid
    definition = space_packet_parser.load_xtce(path)
    stream = io.BytesIO(b"".join(PACKETS))
    theirs = [definition.parse_bytes(raw) for raw in space_packet_parser.ccsds_generator(stream)]
    for their, our in zip(theirs, OURS, strict=True):
        header = ("PKT_APID", "SERVICE", "SUBTYPE", "TYPE_COUNT", "BOOT_ID", "RECORD")
        assert [their[name] for name in header] == [
            our.apid, our.service, our.subtype, our.type_count, our.boot_id, our.record,
        ]  # fmt: skip
        assert cuc.to_us(their["TIME_COARSE"], their["TIME_FINE"]) == our.time_us
        for name, raw in our.raw.items():
            value = their[name]
            assert value.raw_value == raw
            expected = engineering(ENTRIES[our.name][name], raw)
            if ENTRIES[our.name][name].binary:
                assert bytes(value) == raw
            elif isinstance(expected, str):
                assert str(value).rstrip("\0") == expected
            else:
                assert float(value) == pytest.approx(float(expected))


def test_spacepackets():
    for packet, our in zip(PACKETS, OURS, strict=True):
        header = SpacePacketHeader.unpack(packet)
        their = PusTm.unpack(packet, timestamp_len=7)
        assert (header.apid, header.seq_count) == (our.apid, our.record & 0x3FFF)
        assert (their.service, their.message_subtype) == (our.service, our.subtype)
        secondary = their.pus_tm_sec_header
        assert secondary.message_counter == our.type_count
        assert int(secondary.spacecraft_time_ref) == our.time_status
        time = int.from_bytes(secondary.timestamp, "big")
        assert cuc.to_us(time >> 24, time & 0xFFFFFF) == our.time_us
        assert their.source_data[:2] == our.boot_id.to_bytes(2, "big")
        assert their.source_data[2:6] == our.record.to_bytes(4, "big")


def _field(p: Parameter) -> ccsdspy.PacketField:
    if p.is_text:
        return ccsdspy.PacketArray(
            name=p.entry.name, data_type="uint", bit_length=8, array_shape=p.sizeof()
        )
    kind = "int" if p.struct_format.islower() else "uint"
    return ccsdspy.PacketField(name=p.entry.name, data_type=kind, bit_length=8 * p.sizeof())


HEADER_FIELDS = [
    ccsdspy.PacketField(name=name, data_type="uint", bit_length=bits)
    for name, bits in (
        ("pus", 8), ("service", 8), ("subtype", 8), ("type_count", 16), ("destination", 16),
        ("coarse", 32), ("fine", 24), ("boot_id", 16), ("record", 32),
    )
]  # fmt: skip


@pytest.mark.parametrize("t", TELEMETRY, ids=lambda t: t.name)
def test_ccsdspy(t):
    ours: list[Decoded] = [p for p in OURS if p.name == t.name]
    fields = [*HEADER_FIELDS, *map(_field, parameters(t.body))]
    fields.append(ccsdspy.PacketField(name="crc", data_type="uint", bit_length=16))
    stream = io.BytesIO(b"".join(p.data for p in ours))
    theirs = ccsdspy.FixedLength(fields).load(stream, include_primary_header=True)
    assert len(theirs["record"]) == len(ours)
    for i, our in enumerate(ours):
        assert theirs["CCSDS_APID"][i] == our.apid
        assert (theirs["boot_id"][i], theirs["record"][i]) == (our.boot_id, our.record)
        assert cuc.to_us(int(theirs["coarse"][i]), int(theirs["fine"][i])) == our.time_us
        for name, raw in our.raw.items():
            value = theirs[name][i]
            assert (bytes(value.tolist()) if isinstance(raw, bytes) else int(value)) == raw


def test_time_goes_on_in_each_boot():
    for first, second in itertools.pairwise(OURS[: -len(TELEMETRY)]):
        assert second.time_us >= first.time_us
