"""TLS certificates for a station without a certificate authority of its organisation's.

A small authority of one's own signs the server's certificate: clients trust the authority once, and
a renewed server certificate needs no new trust.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ground.access.errors import AccessError
from ground.api.site import Certificate

AUTHORITY_DAYS: Final = 3650
SERVER_DAYS: Final = 397
"""What browsers accept of a server."""
AUTHORITY: Final = "ca.pem"
AUTHORITY_KEY: Final = "ca.key"
CHAIN: Final = "server.pem"
KEY: Final = "server.key"
_NAME_MAX: Final = 253
_LABEL: Final = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
"""RFC 1123, section 2.1."""
_CLOCK_SLACK: Final = timedelta(hours=1)


def make_certificate(folder: Path, names: Sequence[str]) -> Certificate:
    """A new server certificate for host names and addresses, signed by the authority in `folder`.

    The authority is made when there is none. Raises AccessError.
    """
    held = [_name(name) for name in names]
    try:
        folder.mkdir(parents=True, mode=0o700, exist_ok=True)
        authority, authority_key = _authority(folder)
        key = ec.generate_private_key(ec.SECP256R1())
        server = _server(held, key, authority, authority_key)
        _write(folder / KEY, _pem(key), 0o600)
        _write(folder / CHAIN, _pem(server) + _pem(authority), 0o644)
    except OSError as error:
        raise AccessError(f"{folder}: {error.strerror}") from error
    return Certificate(folder / CHAIN, folder / KEY)


def names_in(chain: Path) -> list[str]:
    """The host names and addresses that a server's certificate is for; raises AccessError."""
    try:
        found = x509.load_pem_x509_certificates(chain.read_bytes())[0]
        held = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except OSError as error:
        raise AccessError(f"{chain}: {error.strerror}") from error
    except ValueError as error:
        raise AccessError(f"{chain}: is no PEM certificate") from error
    except x509.ExtensionNotFound as error:
        raise AccessError(f"{chain}: names no host (subjectAltName)") from error
    addresses = [str(address) for address in held.get_values_for_type(x509.IPAddress)]
    return [*held.get_values_for_type(x509.DNSName), *addresses]


def _authority(folder: Path) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    path, key_path = folder / AUTHORITY, folder / AUTHORITY_KEY
    if not path.exists() and not key_path.exists():
        key = ec.generate_private_key(ec.SECP256R1())
        made = _new_authority(key)
        _write(key_path, _pem(key), 0o600)
        _write(path, _pem(made), 0o644)
    try:
        found = x509.load_pem_x509_certificate(path.read_bytes())
        held = load_pem_private_key(key_path.read_bytes(), None)
    except (ValueError, TypeError) as error:
        raise AccessError(f"{path}, {key_path}: are no authority of ours; move them") from error
    if not isinstance(held, ec.EllipticCurvePrivateKey):
        raise AccessError(f"{key_path}: is no key of ours; move it")
    return found, held


def _new_authority(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Panewatch ground station CA")])
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    return (
        _builder(name, name, key.public_key(), AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _server(
    names: Sequence[x509.GeneralName],
    key: ec.EllipticCurvePrivateKey,
    authority: x509.Certificate,
    authority_key: ec.EllipticCurvePrivateKey,
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Panewatch ground station")])
    issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    use = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    return (
        _builder(subject, authority.subject, key.public_key(), SERVER_DAYS)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(use, critical=False)
        .add_extension(issuer_key, critical=False)
        .sign(authority_key, hashes.SHA256())
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SLACK)
        .not_valid_after(now + timedelta(days=days))
    )


def _name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        pass
    if len(name) > _NAME_MAX or not _HOST.fullmatch(name):
        raise AccessError(f"{name!r} is no host name or address")
    return x509.DNSName(name)


def _pem(made: x509.Certificate | ec.EllipticCurvePrivateKey) -> bytes:
    if isinstance(made, x509.Certificate):
        return made.public_bytes(Encoding.PEM)
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write(path: Path, data: bytes, mode: int) -> None:
    """Whole or not at all, and never open to others for a moment."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    fresh.replace(path)
