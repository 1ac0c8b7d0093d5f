"""One live unit: `python -m firmware CONFIG.json`, and the same with micropython."""

import firmware.heap  # noqa: F401 - first: it governs where the others' code goes

# isort: split
import firmware.sensors.capture  # noqa: F401 - its 30 KB while the heap is in one piece

# isort: split
import sys

from firmware.app import App
from firmware.boards.this import this_board
from firmware.errors import ConfigError
from firmware.session import Session
from firmware.settings import Settings, load_json, words
from firmware.store.files import FolderFiles


def make_app(settings, board):
    """The unit of these settings with its link. Raises ConfigError."""
    table = load_json(settings.table)
    try:
        files = FolderFiles(settings.store)
    except OSError as error:
        raise ConfigError("cannot use the store %s (%s)" % (settings.store, words(error)))
    link = board.open_link(settings)
    return App(
        board,
        link,
        settings.speed_milli,
        lambda send: Session(settings, board, table, files, send),
    )


def main(arguments):
    """Exit code of `firmware CONFIG.json`."""
    if len(arguments) != 1:
        print("usage: firmware CONFIG.json", file=sys.stderr)
        return 2
    try:
        settings = Settings(load_json(arguments[0]))
        board = this_board()
        app = make_app(settings, board)
    except ConfigError as error:
        print("firmware: %s: %s" % (arguments[0], error), file=sys.stderr)
        return 2
    try:
        board.run(app.run(settings.until_eof))
    except KeyboardInterrupt:
        pass
    finally:
        app.close()
        board.hand_back()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
