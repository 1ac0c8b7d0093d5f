"""The progress bar shows on a terminal and nowhere else."""

import io

from tools.cli.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_bar_is_drawn_and_removed() -> None:
    terminal = Terminal()
    progress = Progress(terminal)
    progress("ground", 1, 4)
    assert "ground █" in terminal.getvalue()
    assert terminal.getvalue().endswith(" 25%")
    drawn = len(terminal.getvalue())
    progress("ground", 2, 4)  # too soon to draw again
    assert len(terminal.getvalue()) == drawn
    progress.close()
    assert terminal.getvalue().endswith("\r\033[K")


def test_nothing_where_there_is_no_terminal() -> None:
    stream = io.StringIO()
    progress = Progress(stream)
    progress("ground", 1, 4)
    progress.close()
    assert stream.getvalue() == ""
