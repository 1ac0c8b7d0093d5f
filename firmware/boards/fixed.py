"""A board of constants: in a simulation nothing in a packet may hang on the computer."""


class FixedBoard:
    """Packs as the real board does; every other fact is the same everywhere."""

    runtime = "simulation"
    unique_id = b"simulate"

    def __init__(self, board):
        self.pack = board.pack
        self.where = board.where

    def stepped(self):
        pass

    def longest_gap_us(self):
        return 20000

    def heap_free(self):
        return 0
