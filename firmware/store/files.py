"""The recorder's files in a folder: flat names, few calls, so that a board's flash can serve too.

Every method raises OSError when the medium fails.
"""

import os

_COPY_BYTES = 1024
_rename = getattr(os, "replace", os.rename)  # Windows' rename does not overwrite


class FolderFiles:
    """Files of one folder, made if need be. `append` and `replace` are durable on return."""

    def __init__(self, folder):
        self._folder = folder
        made = ""
        for part in folder.split("/"):
            made += part
            if made and not _is_folder(made):
                os.mkdir(made)
            made += "/"

    def names(self):
        """Every file's name, sorted."""
        return sorted(os.listdir(self._folder))

    def size(self, name):
        """Bytes in a file."""
        return os.stat(self._path(name))[6]

    def read(self, name, at, count):
        """Up to count bytes from offset at."""
        with open(self._path(name), "rb") as file:
            file.seek(at)
            return file.read(count)

    def append(self, name, pieces):
        """Add pieces of bytes to the end of a file, which is made if need be."""
        with open(self._path(name), "ab") as file:
            for piece in pieces:
                file.write(piece)

    def replace(self, name, data):
        """Put new content in place of the old, wholly or not at all."""
        with open(self._path(name + ".new"), "wb") as file:
            file.write(data)
        _rename(self._path(name + ".new"), self._path(name))

    def cut(self, name, size):
        """Keep the first size bytes (MicroPython has no truncate)."""
        with open(self._path(name), "rb") as old:
            with open(self._path(name + ".new"), "wb") as new:
                while size > 0:
                    piece = old.read(min(size, _COPY_BYTES))
                    if not piece:
                        break
                    new.write(piece)
                    size -= len(piece)
        _rename(self._path(name + ".new"), self._path(name))

    def remove(self, name):
        """Delete a file."""
        os.remove(self._path(name))

    def _path(self, name):
        return self._folder + "/" + name


def _is_folder(path):
    try:
        return os.stat(path)[0] & 0xF000 == 0x4000
    except OSError:
        return False
