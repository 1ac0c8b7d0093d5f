"""The telemetry dictionary as XTCE 1.2 (OMG, CCSDS 660.0-B): for Yamcs and other ground systems."""

from __future__ import annotations

from typing import Final
from xml.etree import ElementTree as ET

from protocol.schema.identity import schema_hash
from protocol.schema.parameter import Limits, Parameter, parameters
from protocol.schema.telemetry import TELEMETRY, Telemetry

NAMESPACE: Final = "http://www.omg.org/spec/XTCE/20180204"
ROOT: Final = "CCSDSPacket"
BASE: Final = "PanewatchTelemetry"

PRIMARY: Final = (
    ("VERSION", 3),
    ("TYPE", 1),
    ("SEC_HDR_FLG", 1),
    ("PKT_APID", 11),
    ("SEQ_FLGS", 2),
    ("SRC_SEQ_CTR", 14),
    ("PKT_LEN", 16),
)
SECONDARY: Final = (
    ("PUS_VERSION", 4),
    ("TIME_STATUS", 4),
    ("SERVICE", 8),
    ("SUBTYPE", 8),
    ("TYPE_COUNT", 16),
    ("DESTINATION", 16),
    ("TIME_COARSE", 32),
    ("TIME_FINE", 24),
    ("BOOT_ID", 16),
    ("RECORD", 32),
)
CRC: Final = ("CRC", 16)


def as_xtce() -> str:
    """The document's text. Every parameter keeps its name; header fields are in capitals."""
    ET.register_namespace("xtce", NAMESPACE)
    system = ET.Element(_tag("SpaceSystem"), name="Panewatch")
    _add(system, "Header", version=f"{schema_hash():08x}", date="", validationStatus="Unknown")
    telemetry = _add(system, "TelemetryMetaData")
    types = _add(telemetry, "ParameterTypeSet")
    names = _add(telemetry, "ParameterSet")
    for name, bits in (*PRIMARY, *SECONDARY, CRC):
        _integer(types, f"{name}_type", bits, signed=False)
        _add(names, "Parameter", name=name, parameterTypeRef=f"{name}_type")
    for name, p in _all_parameters().items():
        _type(types, f"{name}_type", p)
        _add(
            names, "Parameter",
            name=name, parameterTypeRef=f"{name}_type", shortDescription=p.entry.summary,
        )  # fmt: skip
    containers = _add(telemetry, "ContainerSet")
    _container(containers, ROOT, [name for name, _ in PRIMARY])
    base = _container(containers, BASE, [name for name, _ in SECONDARY])
    _extend(base, ROOT, {"VERSION": 0, "TYPE": 0, "SEC_HDR_FLG": 1})
    for t in TELEMETRY:
        _packet(containers, t)
    ET.indent(system)
    text = ET.tostring(system, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _all_parameters() -> dict[str, Parameter]:
    """By name; packets may share a body, but one name never means two things."""
    found: dict[str, Parameter] = {}
    for t in TELEMETRY:
        for p in parameters(t.body):
            if found.setdefault(p.entry.name, p) is not p:
                raise ValueError(f"{p.entry.name} is declared twice, in {t.name} too")
    return found


def _packet(containers: ET.Element, t: Telemetry) -> None:
    fields = [p.entry.name for p in parameters(t.body)]
    container = _container(containers, t.name, [*fields, CRC[0]], shortDescription=t.summary)
    _extend(container, BASE, {"SERVICE": t.service, "SUBTYPE": t.subtype})


def _container(parent: ET.Element, name: str, fields: list[str], **more: str) -> ET.Element:
    container = _add(parent, "SequenceContainer", name=name, **more)
    entries = _add(container, "EntryList")
    for field in fields:
        _add(entries, "ParameterRefEntry", parameterRef=field)
    return container


def _extend(container: ET.Element, base: str, holds: dict[str, int]) -> None:
    criteria = _add(_add(container, "BaseContainer", containerRef=base), "RestrictionCriteria")
    comparisons = _add(criteria, "ComparisonList")
    for name, value in holds.items():
        _add(comparisons, "Comparison", parameterRef=name, value=str(value))


def _type(types: ET.Element, name: str, p: Parameter) -> None:
    entry, bits = p.entry, 8 * p.sizeof()
    signed = p.struct_format.islower() and not p.is_text
    if entry.binary:
        encoding = _add(_add(types, "BinaryParameterType", name=name), "BinaryDataEncoding")
        _add(_add(encoding, "SizeInBits"), "FixedValue").text = str(bits)
    elif p.is_text:
        made = _add(types, "StringParameterType", name=name)
        encoding = _add(made, "StringDataEncoding", encoding="UTF-8")
        fixed = _add(_add(encoding, "SizeInBits"), "Fixed")
        _add(fixed, "FixedValue").text = str(bits)
    elif entry.states:
        made = _add(types, "EnumeratedParameterType", name=name)
        _encoding(made, bits, signed)
        states = _add(made, "EnumerationList")
        for value, label in entry.states.items():
            _add(states, "Enumeration", value=str(value), label=label)
    elif entry.scale != 1.0 or entry.offset != 0.0:
        made = _add(types, "FloatParameterType", name=name)
        _unit(made, entry.unit)
        calibrator = _add(_encoding(made, bits, signed), "DefaultCalibrator")
        polynomial = _add(calibrator, "PolynomialCalibrator")
        for exponent, term in enumerate((entry.offset, entry.scale)):
            _add(polynomial, "Term", exponent=str(exponent), coefficient=repr(term))
        _alarm(made, entry.limits)
    else:
        made = _integer(types, name, bits, signed, entry.unit)
        _alarm(made, entry.limits)


def _integer(types: ET.Element, name: str, bits: int, signed: bool, unit: str = "") -> ET.Element:
    made = _add(types, "IntegerParameterType", name=name, signed=str(signed).lower())
    _unit(made, unit)
    _encoding(made, bits, signed)
    return made


def _encoding(parent: ET.Element, bits: int, signed: bool) -> ET.Element:
    encoding = "twosComplement" if signed else "unsigned"
    return _add(parent, "IntegerDataEncoding", sizeInBits=str(bits), encoding=encoding)


def _unit(parent: ET.Element, unit: str) -> None:
    if unit:
        _add(_add(parent, "UnitSet"), "Unit").text = unit


def _alarm(parent: ET.Element, limits: Limits | None) -> None:
    """Ranges outside which an alarm holds, the way XTCE counts them."""
    if limits is None:
        return
    alarm = _add(parent, "DefaultAlarm", minViolations=str(limits.persistence))
    ranges = _add(alarm, "StaticAlarmRanges")
    for level in ("watch", "warning", "distress", "critical", "severe"):
        bounds = {"minInclusive": limits.low.get(level), "maxInclusive": limits.high.get(level)}
        given = {side: repr(value) for side, value in bounds.items() if value is not None}
        if given:
            _add(ranges, f"{level.capitalize()}Range", **given)


def _add(parent: ET.Element, element: str, /, **attributes: str) -> ET.Element:
    return ET.SubElement(parent, _tag(element), {k: v for k, v in attributes.items() if v})


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"
