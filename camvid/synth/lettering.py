"""Capital letters as little squares, for shop fronts and for words painted on the road."""

import numpy as np

from camvid.synth.camera import Floats

# Rows of three squares from top to bottom, "#" is inked.
_FONT = {
    "A": ".#. #.# ### #.# #.#", "B": "##. #.# ##. #.# ##.", "C": ".## #.. #.. #.. .##", "D": "##. #.# #.# #.# ##.",
    "E": "### #.. ##. #.. ###", "F": "### #.. ##. #.. #..", "I": "### .#. .#. .#. ###", "K": "#.# #.# ##. #.# #.#",
    "L": "#.. #.. #.. #.. ###", "N": "##. #.# #.# #.# #.#", "O": "### #.# #.# #.# ###", "P": "##. #.# ##. #.. #..",
    "R": "##. #.# ##. #.# #.#", "S": ".## #.. .#. ..# ##.", "T": "### .#. .#. .#. .#.", "U": "#.# #.# #.# #.# ###",
    "W": "#.# #.# #.# ### #.#", "X": "#.# #.# .#. #.# #.#", "Y": "#.# #.# .#. .#. .#.",
}  # fmt: skip
SHOP_WORDS = (
    "CAFE",
    "BAKERY",
    "BOOKS",
    "BANK",
    "TOYS",
    "PUB",
    "DELI",
    "SALE",
    "COFFEE",
    "FLOWERS",
    "WOOL",
    "RECORDS",
    "TAXI",
)
ROAD_WORDS = ("SLOW", "BUS", "STOP", "TAXI")


def squares(word: str) -> Floats:
    """Corners (M, 4, 2) of the inked squares of a word; letters are 3 wide, 5 high, 1 apart, y up from the base."""
    cells = [
        (4 * place + column, 4 - row)
        for place, letter in enumerate(word)
        for row, bits in enumerate(_FONT[letter].split())
        for column, bit in enumerate(bits)
        if bit == "#"
    ]
    corner = np.array(cells, np.float64)[:, None, :]
    return np.asarray(corner + np.array(((0, 0), (0, 1), (1, 1), (1, 0))))


def width(word: str) -> int:
    """Width of a word in squares."""
    return 4 * len(word) - 1
