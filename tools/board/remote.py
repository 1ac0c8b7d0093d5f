"""The REPL of a board, as a program talks to it (mpremote's raw REPL)."""

from __future__ import annotations

import ast
import io
import struct
from binascii import b2a_base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from random import randrange
from typing import Any, Final

from mpremote.transport import TransportError, TransportExecError

from tools.board.line import Line
from tools.cli.errors import RunError

ANSWER_S: Final = 10.0
"""Longest silence of a board that works on something."""
CHUNK: Final = 768
"""Bytes of a file in one go: 1 KB in base64, which the smallest heap has."""
_ENDED: Final = b"\x04\x04"
"""After what code has printed, and that no exception came."""


class RemoteError(RunError):
    """The board did not do what it was told; the words are its own."""


class Remote:
    """Runs code on a board whose REPL has been entered. `line` must be open."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def enter(self, within_s: float, soft_reset: bool = False) -> bool:
        """Interrupt what runs and enter; False when no REPL answers in time. Raises OSError."""
        self._line.wait_at_most(min(0.2, within_s))
        try:
            with redirect_stdout(io.StringIO()):  # it prints what it did not expect
                self._line.transport.enter_raw_repl(soft_reset, within_s)
        except TransportError:
            return False
        return self._in_step(within_s)

    def run(self, code: str, silence_s: float = ANSWER_S) -> str:
        """What the code prints; raises RemoteError with the exception's last line."""
        with self._told():
            printed, error = self._line.transport.exec_raw(code, silence_s * self._line.scale)
            if error:
                raise TransportExecError(printed, error.decode("utf-8", "replace"))
        text: str = printed.decode("utf-8", "replace")
        return text.replace("\r\n", "\n")

    def value(self, code: str) -> Any:
        """What the code prints, as a Python value."""
        text = self.run(code)
        try:
            return ast.literal_eval(text.strip())
        except (SyntaxError, ValueError):
            raise RemoteError(f"{self._line.url}: the board printed {text.strip()!r}") from None

    def start(self, code: str) -> None:
        """Run code that does not come back: from now on the line is its own."""
        with self._told():
            self._line.transport.exec_raw_no_follow(code)

    def write(self, name: str, data: bytes, wrote: Callable[[int], None]) -> None:
        """Write a file; `wrote` is told how many bytes each time. Raises RemoteError."""
        self.run(f"from binascii import a2b_base64 as _d\n_f=open({name!r},'wb')")
        for at in range(0, len(data), CHUNK):
            piece = data[at : at + CHUNK]
            text = b2a_base64(piece, newline=False)
            self.run(f"if _f.write(_d({text!r}))!={len(piece)}: raise OSError(28)")
            wrote(len(piece))
        self.run("_f.close()")

    @contextmanager
    def mounted(self, folder: str) -> Iterator[None]:
        """A folder of this computer is the board's /remote, and its current one."""
        with self._told():
            self._line.transport.mount_local(folder)
        try:
            yield
        finally:
            with self._told():
                self._line.transport.umount_local()

    def restart(self) -> None:
        """Soft reset: the board runs main.py as after power-on. Raises OSError."""
        self._line.transport.exit_raw_repl()
        self._line.transport.read_until(1, b">>> ", timeout=ANSWER_S * self._line.scale)
        self._line.write(b"\x04")

    def _in_step(self, within_s: float) -> bool:
        """Read away what a slow board still answers to earlier attempts, up to the prompt."""
        number = randrange(1 << 20)
        self._line.write(f"print({number}+1)\x04".encode())
        for ending in (str(number + 1).encode(), _ENDED):
            read = self._line.transport.read_until(1, ending, timeout_overall=within_s)
            if not read.endswith(ending):
                return False
        return True

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Whatever mpremote raises, in one line."""
        self._line.wait_at_most(ANSWER_S / 2 * self._line.scale)
        try:
            yield
        except TransportExecError as error:
            lines = error.error_output.strip().splitlines() or ["an error without words"]
            raise RemoteError(f"{self._line.url}: on the board: {lines[-1]}") from None
        except (TransportError, struct.error) as error:
            raise RemoteError(f"{self._line.url}: the board's REPL fell silent ({error})") from None
