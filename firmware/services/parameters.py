"""ST[20] parameter management: settings that an operator may change, kept over a reboot."""

from firmware.services import event
from firmware.store import number
from protocol.wire.events import SETTINGS_LOST, STORE_FAILED
from protocol.wire.tables import SETTINGS, TM_SETTING
from protocol.wire.tc import FAIL_ARGUMENT, FAIL_EXECUTION, FAIL_NO_ITEM

_FILE = "setting"


class Parameters:
    """The settings of protocol/schema/onboard.py; a damaged one is its default again, and told."""

    def __init__(self, downlink, files):
        self._downlink = downlink
        self._files = files
        self.changes = 0  # how often a setting was changed
        self._damaged = 0  # settings, bit i for number i
        self._values = [self._load(1 + i) for i in range(len(SETTINGS))]

    def get(self, setting):
        """Raw value of tables.SETTING_*."""
        return self._values[setting - 1]

    def step(self):
        """Tell what was found damaged."""
        if self._damaged:
            event.report(self._downlink, SETTINGS_LOST, self._damaged)
            self._damaged = 0

    def report(self, request):
        """TC[20,1]: TM[20,2] in answer."""
        (setting,) = request.values
        if 1 <= setting <= len(SETTINGS):
            self._downlink.make(TM_SETTING, (setting, self.get(setting)))
            request.finish()
        else:
            request.finish(FAIL_NO_ITEM)

    def change(self, request):
        """TC[20,3]: within its range only, and on the medium before it holds."""
        setting, value = request.values
        if not 1 <= setting <= len(SETTINGS):
            request.finish(FAIL_NO_ITEM)
            return
        low, high, _ = SETTINGS[setting - 1]
        if not low <= value <= high:
            request.finish(FAIL_ARGUMENT)
            return
        try:
            number.save(self._files, _FILE + str(setting), value)
        except OSError as error:
            event.report(self._downlink, STORE_FAILED, 0, 0, str(error))
            request.finish(FAIL_EXECUTION)
            return
        self._values[setting - 1] = value
        self.changes += 1
        self._downlink.make(TM_SETTING, (setting, value))
        request.finish()

    def _load(self, setting):
        low, high, default = SETTINGS[setting - 1]
        stored, damaged = number.load(self._files, _FILE + str(setting), high)
        if damaged or (stored and stored[0] < low):
            self._damaged |= 1 << setting
        return stored[0] if stored and stored[0] >= low else default
