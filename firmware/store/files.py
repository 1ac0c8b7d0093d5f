"""The recorder's files in a folder: flat names, few calls, so that a board's flash can serve too.

Every method raises OSError when the medium fails. On littlefs what returned outlives a power cut;
on a computer's file system it outlives the end of the process.
"""

import os

UNFINISHED = ".new"  # ends the name of what a power cut kept from taking a file's place
ENOSPC = 28  # errno of a full medium
_COPY_BYTES = 1024
_rename = getattr(os, "replace", os.rename)  # Windows' rename does not overwrite


class FolderFiles:
    """Files of one folder, made if need be. Every change is durable on return."""

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
        self._renew(name, [data])

    def cut(self, name, size):
        """Keep the first size bytes (MicroPython has no truncate)."""
        starts = range(0, size, _COPY_BYTES)
        self._renew(name, (self.read(name, at, min(_COPY_BYTES, size - at)) for at in starts))

    def remove(self, name):
        """Delete a file."""
        os.remove(self._path(name))

    def _renew(self, name, pieces):
        """A file made of pieces takes the place of the old one."""
        unfinished = self._path(name + UNFINISHED)
        try:
            with open(unfinished, "wb") as file:
                for piece in pieces:
                    file.write(piece)
            _rename(unfinished, self._path(name))
        except OSError:
            self._discard(unfinished)  # it may hold the last room there is
            raise

    def _discard(self, path):
        try:
            os.remove(path)
        except OSError:
            pass  # it was not made, or goes at the next start

    def _path(self, name):
        return self._folder + "/" + name


def _is_folder(path):
    try:
        return os.stat(path)[0] & 0xF000 == 0x4000
    except OSError:
        return False
