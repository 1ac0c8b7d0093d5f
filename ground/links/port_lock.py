"""One program at a time on a port, also where the system cannot lock it (a socket)."""

from __future__ import annotations

import errno
import hashlib
import os
import tempfile
from pathlib import Path

from ground.archive.lock import FileLock, LockHeldError


def port_lock(url: str) -> FileLock:
    """Has the port of a device or URL until `release`.

    Raises OSError, EBUSY while another program of ours has it.
    """
    name = url if "://" in url else os.path.realpath(url)
    digest = hashlib.sha256(name.encode()).hexdigest()[:16]
    path = Path(tempfile.gettempdir()) / f"panewatch-port-{digest}.lock"
    try:
        return FileLock(path)
    except (LockHeldError, PermissionError):  # the file goes with its owner: another user has it
        raise OSError(errno.EBUSY, "in use by another program", url) from None
