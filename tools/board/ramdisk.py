"""A board without a file system: its code comes from this computer, its data lie in a RAM disk.

The folder is mounted only while the modules are loaded, for then the line belongs to the unit.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

from firmware.store.recorder import SEGMENT_BYTES
from tools.board.remote import Remote
from tools.board.sync import Files, Progress

STORE_BYTES: Final = SEGMENT_BYTES
"""The least that the recorder works with: RAM is dear."""
FOLDER: Final = "/ram"
_BLOCK: Final = 512
_DISK: Final = f"""
import gc, os, sys
try:
    import vfs
except ImportError:
    vfs = os
class _Ram:
    def __init__(self, blocks):
        self.blocks = blocks
        self.data = bytearray(blocks * {_BLOCK})
    def readblocks(self, block, buf, offset=0):
        at = block * {_BLOCK} + offset
        buf[:] = self.data[at:at + len(buf)]
    def writeblocks(self, block, buf, offset=0):
        at = block * {_BLOCK} + offset
        self.data[at:at + len(buf)] = buf
    def ioctl(self, op, _):
        if op == 4:
            return self.blocks
        if op == 5:
            return {_BLOCK}
        if op == 6:
            return 0
def _disk(blocks):
    for kind in ('VfsLfs2', 'VfsFat'):
        if hasattr(vfs, kind):
            ram = _Ram(blocks)
            make = getattr(vfs, kind)
            make.mkfs(ram)
            vfs.mount(make(ram), {FOLDER!r})
            return
    raise OSError('this MicroPython has neither VfsLfs2 nor VfsFat')
try:
    os.chdir('/')
    vfs.umount({FOLDER!r})
except OSError:
    pass
for _n in list(sys.modules):
    if _n.partition('.')[0] in ('firmware', 'protocol'):
        del sys.modules[_n]
main = this_board = firmware = _n = None
import asyncio
asyncio.new_event_loop()
gc.collect()
"""
# Also what the unit imports only when it comes to it, for then nothing is mounted any more.
_LOAD: Final = """
sys.path.insert(0, '/remote')
import firmware.__main__, firmware.links.console
import firmware.sensors.simulated, firmware.world.world
from firmware.boards.this import this_board
this_board()
sys.path.pop(0)
"""
_MAIN: Final = "from firmware.__main__ import main\nmain(['unit.json'])"


def run_mounted(remote: Remote, wanted: Files, progress: Progress) -> None:
    """Load the unit from here and start it; raises RemoteError, e.g. for a heap that is too small.

    What an earlier unit left on the heap is dropped. It is gone with the board's next reset.
    """
    data = {name: content for name, content in wanted.items() if _is_data(name)}
    size = STORE_BYTES + SEGMENT_BYTES // 2 + sum(map(len, data.values()))
    remote.run(f"{_DISK}\n_disk({size // _BLOCK + 8})\nos.chdir({FOLDER!r})")
    for name, content in data.items():
        remote.write(name, content, lambda _: None)
    progress("loading from here", 0, 1)
    with tempfile.TemporaryDirectory(prefix="panewatch-mount-") as folder:
        for name, content in wanted.items():
            path = Path(folder, name)
            if name not in data:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
        with remote.mounted(folder):
            remote.run(_LOAD)
    progress("loading from here", 1, 1)
    remote.run(f"os.chdir({FOLDER!r})")
    remote.start(_MAIN)


def _is_data(name: str) -> bool:
    """What the unit reads once it runs; modules are loaded before."""
    return not name.endswith((".py", ".mpy"))
