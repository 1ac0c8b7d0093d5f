"""What must hold on every board: `pytest hil_tests/hil --board /dev/ttyACM0 --key unit.key`."""

from protocol.wire import tables, tc


def test_it_runs_this_schema(unit):
    boot = next(p for p in unit.packets if p.name == "boot")
    assert boot.raw["schema_hash"] == tables.SCHEMA_HASH
    assert boot.raw["vehicle"].rstrip(b"\0")
    assert boot.raw["unit"].rstrip(b"\0")


def test_it_is_alive_and_says_what_became_of_the_request(unit):
    counter = unit.command(tables.TC_ALIVE)
    unit.wait_for("accepted", lambda p: p.raw["tc_counter"] == counter)
    unit.wait_for("alive")
    unit.wait_for("completed", lambda p: p.raw["tc_counter"] == counter)


def test_control_characters_on_the_line_are_only_data(unit):
    unit.write(b"\x03\x04\x01\x02\x03")  # Ctrl-C, Ctrl-D, raw and paste mode of a REPL
    counter = unit.command(tables.TC_ALIVE)
    unit.wait_for("completed", lambda p: p.raw["tc_counter"] == counter)


def test_kept_records_come_again_byte_for_byte(unit):
    made = unit.wait_for("housekeeping")
    counter = unit.command(tables.TC_RETRIEVE, (made.boot_id, made.record, made.record))
    again = unit.wait_for("housekeeping", lambda p: p.record == made.record)
    assert again.data == made.data
    unit.wait_for("completed", lambda p: p.raw["tc_counter"] == counter)


def test_a_forged_command_is_refused_and_reported(unit):
    counter = unit.command(tables.TC_RETRIEVE, (1, 0, 0), key=bytes(32))
    refused = unit.wait_for("refused", lambda p: p.raw["tc_counter"] == counter)
    assert refused.raw["failure"] == tc.FAIL_FORGED


def test_housekeeping_counts_on_without_a_hole(unit):
    first = unit.wait_for("housekeeping")
    for _ in range(3):
        unit.wait_for("housekeeping")
    live = sorted({p.record for p in unit.packets if p.record >= first.record})
    assert live == list(range(first.record, live[-1] + 1))
