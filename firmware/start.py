"""One start of a unit: why it starts, whether it may run, and its end."""

import os
import sys

from firmware.app import App
from firmware.boards.launched import FAILED, MAINTENANCE
from firmware.boards.this import this_board
from firmware.errors import ConfigError
from firmware.health.resets import LIMIT, Resets
from firmware.sensors.maker import real_window, simulated_window
from firmware.session import Session
from firmware.settings import Settings, load_json, words
from firmware.store.files import FolderFiles

MAINTENANCE_FILE = "maintenance"  # in the store, or beside main.py on a board


class Start:
    """A unit by its configuration. Raises ConfigError.

    `maintenance`: why it may not run, in words; no watchdog, no link then, on a board its REPL.
    """

    def __init__(self, path):
        self._settings = settings = Settings(load_json(path))
        self._board = board = this_board()
        try:
            files = FolderFiles(settings.store)
        except OSError as error:
            raise ConfigError("cannot use the store %s (%s)" % (settings.store, words(error)))
        self._resets = resets = Resets(files, board.reset_cause())
        self.maintenance = self._reason()
        if self.maintenance is None:
            values = load_json(settings.window or settings.table)
            self._app = App(
                board,
                board.open_link(settings),
                settings,
                lambda send: Session(
                    settings,
                    board,
                    values,
                    files,
                    send,
                    make_window=real_window if settings.window else simulated_window,
                    reset_reason=resets.reason,
                    resets=resets.count,
                ),
                resets,
            )

    def run(self):
        """Run to the end; returns the exit code, unless the board is reset instead."""
        if self.maintenance is not None:
            print("firmware: stays in maintenance: %s" % self.maintenance, file=sys.stderr)
            return MAINTENANCE
        app, board, resets = self._app, self._board, self._resets
        interrupted = False
        try:
            board.run(app.run(self._settings.until_eof))
        except KeyboardInterrupt:
            interrupted = True
        except Exception as error:
            place = "%s %s" % (board.where(error), type(error).__name__)
            print("firmware: %s: %s" % (place, error), file=sys.stderr)
            app.failed = True
        app.close()
        board.hand_back()
        if app.failed:
            board.reset()
            return FAILED
        resets.ended()
        if not board.unwatch():
            if app.retired or interrupted:  # someone at a board's console wants its REPL
                resets.stop_next()
            board.reset()
        if app.retired:
            print("firmware: stops for maintenance; start again to run", file=sys.stderr)
            return MAINTENANCE
        return 0

    def _reason(self):
        places = [self._settings.store + "/" + MAINTENANCE_FILE]
        if self._settings.link == "console":
            places.append(MAINTENANCE_FILE)
        for place in places:
            try:
                os.stat(place)
            except OSError:
                continue
            return "remove the file %s and start again" % place
        if self._resets.stop:
            return "told to stop; start again to run"
        if self._resets.count > LIMIT:
            return "%d watchdog or fault resets in a row; start again to run" % self._resets.count
        return None
