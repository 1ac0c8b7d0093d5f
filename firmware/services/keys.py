"""The keys that commands may be signed with; TC[132,10] derives the next from the present one.

The line carries a nonce, never a key. Both keys hold until the first command under the new one:
whatever is lost, or cut off by a power cut, the ground is never locked out.
"""

from hashlib import sha256

from firmware.services import event
from firmware.store.number import COPY
from protocol.wire import tc
from protocol.wire.events import KEY_CHANGED, STORE_FAILED
from protocol.wire.hmac256 import derived_key

FILE = "key"
_KEY = 32
_TAG = 8  # bytes of a SHA-256: of the key that the unit was given, and of the file itself
_NONE = bytes(_KEY)
_SIZE = _TAG + 2 * _KEY + _TAG


class Keys:
    """Begins with the key of the configuration; of another one's store nothing holds."""

    def __init__(self, downlink, files, given):
        self._downlink = downlink
        self._files = files
        self._given = sha256(given).digest()[:_TAG]
        self._key, self._next = given, _NONE
        for name in (FILE, FILE + COPY):
            data = self._read(name)
            if data:
                self._key, self._next = data[_TAG : _TAG + _KEY], data[_TAG + _KEY : -_TAG]
                return

    def parse(self, packet, apid):
        """What tc.parse says of a packet under the present key or, when it fits, the next one."""
        command = tc.parse(packet, apid, self._key)
        if command is None or command.failure != tc.FAIL_FORGED or self._next == _NONE:
            return command
        again = tc.parse(packet, apid, self._next)
        if again is None or again.failure == tc.FAIL_FORGED:
            return command
        self._key, self._next = self._next, _NONE
        self._save()  # where that fails, both hold again after a reboot
        event.report(self._downlink, KEY_CHANGED)
        return again

    def rotate(self, request):
        """TC[132,10]: the next key holds as soon as it is on the medium."""
        before = self._next
        self._next = derived_key(self._key, request.values[0])
        if self._save():
            request.finish()
        else:
            self._next = before
            request.finish(tc.FAIL_EXECUTION)

    def _save(self):
        data = self._given + self._key + self._next
        data += sha256(data).digest()[:_TAG]
        try:
            for name in (FILE, FILE + COPY):
                self._files.replace(name, data)
        except OSError as error:
            event.report(self._downlink, STORE_FAILED, 0, 0, str(error))
            return False
        return True

    def _read(self, name):
        """A whole file of this unit's, or nothing."""
        try:
            data = bytes(self._files.read(name, 0, _SIZE + 1))
        except OSError:
            return b""
        sound = len(data) == _SIZE and sha256(data[:-_TAG]).digest()[:_TAG] == data[-_TAG:]
        return data if sound and data[:_TAG] == self._given else b""
