"""The recorder and its files on littlefs, watched, and the same with faults for the test's test."""

from firmware.store.files import FolderFiles
from firmware.store.recorder import Recorder
from firmware.store.segment import named


class Watched(FolderFiles):
    """Knows which call is under way, and how full the medium was since `watch`."""

    def __init__(self, folder):
        self.call = "start"
        self.uncut = False  # the last cut found no room
        super().__init__(folder)
        self._sizes = {name: self.size(name) for name in self.names() if named(name)}
        self.watch()
        self.call = None

    def watch(self):
        """Begin to look anew."""
        self.most_bytes = sum(self._sizes.values())
        self.unfair = False  # events deleted while there was housekeeping

    def append(self, name, pieces):
        self.call = "append"
        pieces = list(pieces)
        self.do_append(name, pieces)
        self._sizes[name] = self._sizes.get(name, 0) + sum([len(piece) for piece in pieces])
        self.most_bytes = max(self.most_bytes, sum(self._sizes.values()))
        self.call = None

    def replace(self, name, data):
        self.call = "replace"
        self.do_replace(name, data)
        self.call = None

    def cut(self, name, size):
        self.call = "cut"
        self.uncut = True
        self.do_cut(name, size)
        self.uncut = False
        self._sizes[name] = size
        self.call = None

    def remove(self, name):
        self.call = "remove"
        super().remove(name)
        self._sizes.pop(name, None)
        self.unfair = self.unfair or (name[0] == "e" and any(n[0] == "h" for n in self._sizes))
        self.call = None

    def do_append(self, name, pieces):
        super().append(name, pieces)

    def do_replace(self, name, data):
        super().replace(name, data)

    def do_cut(self, name, size):
        super().cut(name, size)


class Lazy(Watched):
    """Says that it has written what it still holds in an open file."""

    def do_append(self, name, pieces):
        self._file = open(self._path(name), "ab")
        for piece in pieces:
            self._file.write(piece)


class Careless(Watched):
    """Deletes the old before the new is whole."""

    def do_cut(self, name, size):
        data = self.read(name, 0, size)
        FolderFiles.remove(self, name)
        self.do_append(name, [data])


class Forgetful(Watched):
    """Keeps no numbers of one kind."""

    forgotten = ""

    def do_replace(self, name, data):
        if not name.startswith(self.forgotten):
            super().do_replace(name, data)


class NoCounter(Forgetful):
    forgotten = "counter"


class NoSettings(Forgetful):
    forgotten = "setting"


FAULTS = {
    "none": Watched,
    "lazy": Lazy,
    "careless": Careless,
    "no-counter": NoCounter,
    "no-settings": NoSettings,
}


class Witnessed(Recorder):
    """A Recorder that tells a Ledger of each packet before and after."""

    def __init__(self, files, capacity_bytes, ledger):
        self._ledger = ledger
        ledger.starting()
        super().__init__(files, capacity_bytes)
        ledger.booted(self.boot, self.reports, files.uncut)

    def append(self, packet, series, now_us):
        self._ledger.making(packet, series, now_us)
        super().append(packet, series, now_us)
        self._ledger.appended(packet, series, now_us)
