"""Serial lines without hardware: a pty, or a TCP port where there are none."""

from __future__ import annotations

import os
import socket
import sys


class PtyLine:
    """A raw pseudo-terminal: the unit inherits its master, the ground opens its slave by name.

    Both ends stay open here, so that neither side's start, end or restart hangs the other up.
    """

    def __init__(self) -> None:
        import tty  # noqa: PLC0415 (POSIX only)

        self.master, self._slave = os.openpty()
        tty.setraw(self._slave)
        # With a blocking master one write towards a host that does not read stops the whole unit.
        os.set_blocking(self.master, False)

    @property
    def descriptors(self) -> tuple[int, ...]:
        """What the unit's process must inherit."""
        return (self.master,)

    @property
    def unit_link(self) -> str:
        """The link in the unit's configuration."""
        return f"fd:{self.master}"

    @property
    def ground_link(self) -> str:
        """The link that the ground opens."""
        return os.ttyname(self._slave)

    def close(self) -> None:
        """Hang up."""
        os.close(self.master)
        os.close(self._slave)


class TcpLine:
    """A free port on loopback at which the unit listens and which the ground opens."""

    descriptors = ()

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]

    @property
    def unit_link(self) -> str:
        """The link in the unit's configuration."""
        return f"socket://127.0.0.1:{self._port}"

    @property
    def ground_link(self) -> str:
        """The link that the ground opens."""
        return f"socket://127.0.0.1:{self._port}"

    def close(self) -> None:
        """Nothing is held."""


def has_pty() -> bool:
    """True where pseudo-terminals exist."""
    return sys.platform != "win32" and hasattr(os, "openpty")
