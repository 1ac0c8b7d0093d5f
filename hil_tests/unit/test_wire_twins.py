"""Construct and the generated packer make the same bytes of every packet type."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.schema import encode
from protocol.wire import tables, tm
from protocol.wire.frame import MAX_PACKET


def values(packet):
    """Any values that fit the body of a packet type."""
    ranges = {"b": 8, "h": 16, "l": 32, "q": 64}
    fields = []
    form = tables.TM_FORMAT[packet].lstrip(">")
    while form:
        digits = form[: len(form) - len(form.lstrip("0123456789"))]
        code = form[len(digits)]
        form = form[len(digits) + 1 :]
        if code == "s":
            fields.append(st.binary(max_size=int(digits)))
        else:
            bits = ranges[code.lower()]
            low = 0 if code.isupper() else -(1 << bits - 1)
            fields.append(st.integers(low, low + (1 << bits) - 1))
    return st.tuples(*fields)


def unsigned(bits):
    return st.integers(0, (1 << bits) - 1)


@pytest.mark.parametrize("packet", range(len(tables.TM_FORMAT)))
@given(data=st.data())
def test_equal_bytes(packet, data):
    body = data.draw(values(packet))
    header = data.draw(
        st.tuples(
            st.integers(0, 2046),  # apid
            st.integers(0, 1),  # time status
            unsigned(32),
            unsigned(24),
            unsigned(16),  # count of the type
            unsigned(16),  # boot
            unsigned(32),  # record
        )
    )
    ours, theirs = bytearray(MAX_PACKET), bytearray(MAX_PACKET)
    size = tm.pack(ours, packet, *header, body)
    assert encode.pack(theirs, packet, *header, body) == size
    assert ours[:size] == theirs[:size]
    assert size == tm.HEADER_SIZE + struct.calcsize(tables.TM_FORMAT[packet]) + 2
