"""Which frames a data set has: sequences of neighbouring frames, each sequence in one split."""

from dataclasses import dataclass
from itertools import product
from string import ascii_uppercase

FEWEST = 3  # frames: one for each split
STEP = 30  # frames of video between two that are kept


@dataclass(frozen=True)
class Shot:
    """One frame to draw: number `index` of the sequence that the world with this seed gives."""

    name: str
    split: str
    seed: tuple[int, int]
    index: int


def sequence_count(frames: int) -> int:
    """How many sequences share the frames: a multiple of five with about ten frames each, if there are enough."""
    return min(frames, 5 * max(1, round(frames / 50)))


def plan(frames: int, seed: int) -> list[Shot]:
    """All shots, sequence by sequence: three fifths of the sequences train, then a fifth each validates and tests.

    Raises ValueError for fewer than 3 frames or a negative seed.
    """
    if frames < FEWEST:
        raise ValueError(f"frames must be {FEWEST} or more (one each for train, val and test), got {frames}")
    if seed < 0:
        raise ValueError(f"seed must be 0 or more, got {seed}")
    count = sequence_count(frames)
    held_out = max(1, count // 5)
    splits = ["train"] * (count - 2 * held_out) + ["val"] * held_out + ["test"] * held_out
    shots = []
    for number, split in enumerate(splits):
        length = frames // count + (number < frames % count)
        name = _name(number)
        shots += [Shot(f"{name}_{STEP * (i + 1):06d}", split, (seed, number), i) for i in range(length)]
    return shots


def _name(number: int) -> str:
    """SynthA to SynthZ, then SynthAA and so on."""
    width, first = 1, 0
    while number >= first + 26**width:
        first, width = first + 26**width, width + 1
    letters = next(word for i, word in enumerate(product(ascii_uppercase, repeat=width)) if i == number - first)
    return "Synth" + "".join(letters)
