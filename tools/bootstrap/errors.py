"""Why a stage of the set-up could not be done."""


class StageError(Exception):
    """One clear line for the user, and the exit code that goes with it."""

    def __init__(self, words: str, code: int = 1) -> None:
        super().__init__(words)
        self.code = code
