"""The recorder's files in memory, for simulations and tests; the same calls as FolderFiles."""

ENOENT = 2


class RamFiles:
    """Files as byte arrays in a dict."""

    def __init__(self):
        self._content = {}

    def names(self):
        return sorted(self._content)

    def size(self, name):
        return len(self._find(name))

    def read(self, name, at, count):
        return bytes(self._find(name)[at : at + count])

    def append(self, name, pieces):
        content = self._content.setdefault(name, bytearray())
        for piece in pieces:
            content.extend(piece)

    def replace(self, name, data):
        self._content[name] = bytearray(data)

    def cut(self, name, size):
        self._content[name] = self._find(name)[:size]

    def remove(self, name):
        self._find(name)
        del self._content[name]

    def _find(self, name):
        if name not in self._content:
            raise OSError(ENOENT, name)
        return self._content[name]
