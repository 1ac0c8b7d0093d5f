"""Has a bundle made by another process, while the station goes on."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Final

from ground.evidence.__main__ import NO_SUCH_ALARM, REFUSED
from ground.evidence.errors import EvidenceError

_ROOT: Final = Path(__file__).parents[2]
TIME_S: Final = 600.0


class UnknownAlarmError(EvidenceError):
    """The archive has no alarm of that number."""


async def made_apart(archive: Path, alarm: int, when: str) -> bytes:
    """The bytes of a bundle; raises UnknownAlarmError, EvidenceError. Cancelled it ends at once."""
    process = _start(archive, alarm, when)
    try:
        out, said = await asyncio.to_thread(process.communicate, None, TIME_S)
    except subprocess.TimeoutExpired:
        words = f"evidence of alarm {alarm} took more than {TIME_S:g} s; use `panewatch evidence`"
        raise EvidenceError(f"{words} with --archive") from None
    finally:
        process.kill()
    words = " ".join(said.decode(errors="replace").split())[-300:]
    if process.returncode == NO_SUCH_ALARM:
        raise UnknownAlarmError(words)
    if process.returncode == REFUSED:
        raise EvidenceError(words)
    if process.returncode:
        raise EvidenceError(f"evidence of alarm {alarm} could not be made ({words[-120:]})")
    return out


def _start(archive: Path, alarm: int, when: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "ground.evidence", str(archive.absolute()), str(alarm), when]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=_ROOT, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe)
