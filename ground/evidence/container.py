"""The file of a bundle: a ZIP whose bytes follow from its members alone.

Members are stored as they are, in one order and with one date. So nothing is unpacked that could
grow, and every byte of the file is held: it must equal what packing its members again gives.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from typing import Final

from ground.evidence.errors import NotABundleError

LARGEST: Final = 256 * 2**20
"""Bytes of a bundle: read into memory as a whole."""
MANIFEST: Final = "manifest.json"
MEMBERS_MAX: Final = 64
_NAME: Final = re.compile(r"[a-z]{1,20}(-[0-9a-f]{8})?\.(json|jsonl)")
_DATE: Final = (1980, 1, 1, 0, 0, 0)  # the first that ZIP knows
_MODE: Final = 0o100644 << 16
_UNIX: Final = 3


def pack(members: Mapping[str, bytes]) -> bytes:
    """The manifest first, the others by name."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED, allowZip64=False) as file:
        for name in sorted(members, key=lambda n: (n != MANIFEST, n)):
            info = zipfile.ZipInfo(name, _DATE)
            info.create_system, info.external_attr = _UNIX, _MODE
            file.writestr(info, members[name])
    return out.getvalue()


def unpack(data: bytes) -> tuple[dict[str, bytes], list[str]]:
    """The members, and names of those whose bytes are not those that were packed.

    Raises NotABundleError for anything that `pack` does not write.
    """
    if len(data) > LARGEST:
        words = f"has {len(data)} bytes; a bundle has {LARGEST} at most"
        raise NotABundleError(words)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            return _members(file, len(data))
    except NotABundleError:
        raise
    # zipfile raises much more than BadZipFile on bytes that were made to break it
    except Exception as error:
        words = f"is no evidence bundle ({type(error).__name__}: {str(error)[:80]})"
        raise NotABundleError(words) from None


def _members(file: zipfile.ZipFile, size: int) -> tuple[dict[str, bytes], list[str]]:
    infos = file.infolist()
    if len(infos) > MEMBERS_MAX:
        raise NotABundleError(f"has {len(infos)} members; a bundle has {MEMBERS_MAX} at most")
    for info in infos:
        shown = repr(info.filename[:60])
        if not _NAME.fullmatch(info.filename):
            raise NotABundleError(f"has a member {shown}, which no bundle has; nothing was written")
        if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 1:
            raise NotABundleError(f"has a compressed or encrypted member {shown}; no bundle has")
        if info.file_size != info.compress_size:
            raise NotABundleError(f"has a member {shown} with two sizes; no bundle has")
    names = {info.filename for info in infos}
    if len(names) < len(infos):
        raise NotABundleError("has two members of one name; no bundle has")
    if sum(info.file_size for info in infos) > size:
        raise NotABundleError("has members that overlap; no bundle has")
    if MANIFEST not in names:
        raise NotABundleError(f"has no {MANIFEST}: it is no evidence bundle")
    members: dict[str, bytes] = {}
    changed: list[str] = []
    for info in infos:
        try:
            members[info.filename] = file.read(info)
        except zipfile.BadZipFile:  # its own CRC does not hold
            changed.append(info.filename)
    return members, changed
