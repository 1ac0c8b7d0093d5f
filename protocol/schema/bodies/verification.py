"""ST[01] request verification."""

from __future__ import annotations

from construct import Struct

from protocol.schema.parameter import U16, U32, parameter

VERIFICATION = Struct(
    parameter("tc_packet_id", U16, "Packet id of the request"),
    parameter("tc_sequence", U16, "Packet sequence control of the request"),
    parameter("tc_counter", U32, "Security counter of the request"),
    parameter(
        "failure",
        U16,
        "Why it was refused or failed",
        states={
            0: "none",
            1: "malformed",
            2: "unsigned",
            3: "forged",
            4: "replay",
            5: "other address",
            6: "unknown type",
            7: "bad argument",
            8: "execution failed",
            9: "no room",
            10: "no such item",
            11: "not on this board",
        },
    ),
)
