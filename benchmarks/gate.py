"""How often the gate of a promotion decides correctly, on simulated pairs of models.

    python -m benchmarks.gate [--trials 400] [--frames 101] [--drives 1]

The error model, for each class and frame: the true area is lognormal in frames that have the class, and 0 in others.
The log odds that a pixel is found are a sum of three terms: one of the class, a difficulty that both models share, and
an error of each model. The same holds for false pixels, as a share of the area. Objects are found with the same odds.
Each term is a Gaussian process that keeps exp(-1/τ) of its value from frame to frame, where τ is the correlation time.
Either both models are equal, or the second has lower odds for one class, so that its Dice falls by 0.085 in the long
run.

For each τ it prints the share of pairs with each answer of the gate; how many intervals hold the true change, over all
figures and for the worst figure; and how often the Dice with the loss is called as good.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.signal import lfilter
from scipy.special import expit, ndtr

from eval.figures import paired_figures, scores_of
from eval.noninferiority import ABSENT, AS_GOOD, BETTER, OPEN, WORSE, Change, Margins, decision, judge

PRIORITY = ("SignSymbol", "Pedestrian", "Bicyclist", "Car")
# name: share of the frames that have it, pixels where it is there, log odds that one is found, objects
CLASSES = {
    "Sky": (1.0, 3e4, 3.5, 0.0),
    "Building": (1.0, 5e4, 2.5, 0.0),
    "Pole": (1.0, 2e3, 0.0, 0.0),
    "Road": (1.0, 5e4, 3.5, 0.0),
    "Fence": (0.4, 4e3, 0.5, 0.0),
    "SignSymbol": (0.7, 800.0, 0.3, 1.5),
    "Pedestrian": (0.9, 1500.0, 0.8, 3.0),
    "Bicyclist": (0.4, 1500.0, 0.7, 1.0),
    "Car": (0.9, 8e3, 1.8, 2.5),
}
AREA, DIFFICULTY, ERROR = 0.8, 0.7, 0.35  # standard deviations: of log area, of log odds shared and of each model's own
LOSS, LOSER = 0.085, "Pedestrian"
LOST = f"dice/{LOSER}"
TIMES = (3, 8, 10)
HEADS = (
    *("equal: as good", "not enough", "worse"),
    *("held, equal", "held, loss   "),
    *("loss: as good", "not enough", "worse", "its Dice as good"),
)

Floats = NDArray[np.float64]


def process(rng: np.random.Generator, frames: int, drives: int, time: float) -> Floats:
    """A Gaussian process (frames,) of variance 1, begun anew in each drive."""
    keep = np.exp(-1 / time)
    parts = []
    for drive in np.array_split(np.arange(frames), drives):
        steps = np.sqrt(1 - keep**2) * rng.normal(size=len(drive))
        steps[0] = rng.normal()
        parts.append(lfilter([1], [1, -keep], steps))
    return np.concatenate(parts)


def draw(seed: int, frames: int, drives: int, time: float, lower: float = 0.0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Records of two models; ``lower`` is taken from the second's log odds for the class ``LOSER``."""
    rng = np.random.default_rng(seed)
    names = np.concatenate([[f"drive{d}"] * len(p) for d, p in enumerate(np.array_split(np.arange(frames), drives))])
    both: list[dict[str, object]] = [
        {"name": [f"{name}_{i:06}" for i, name in enumerate(names)], "sequence": names} for _ in range(2)
    ]

    def noise() -> Floats:
        return process(rng, frames, drives, time)

    for name, (share, area, odds, objects) in CLASSES.items():
        there = ndtr(noise()) < share
        size = np.exp(AREA * noise()) * there
        true, count = np.round(area * size), np.round(objects * size**0.5 + 0.3 * there)
        hard, harder = DIFFICULTY * noise(), DIFFICULTY * noise()
        for second, columns in enumerate(both):
            worse = lower if second and name == LOSER else 0.0
            found = expit(odds - worse + hard + ERROR * noise())
            false = expit(-odds + worse + harder + ERROR * noise())
            common = np.round(true * found)
            columns |= {f"pixels/{name}/true": true, f"pixels/{name}/common": common}
            columns[f"pixels/{name}/predicted"] = common + np.round(true * false)
            if name in PRIORITY:
                columns[f"objects/{name}"] = count
                columns[f"matched/{name}"] = np.floor(count * found**2 + ndtr(noise())).clip(0, count)
                columns[f"false_alarms/{name}"] = np.floor(count * false + ndtr(noise()))
    return pd.DataFrame(both[0]), pd.DataFrame(both[1])


@cache
def long_run(lower: float) -> dict[str, float]:
    """The true change of each figure, from 100,000 frames."""
    before, after = (scores_of(records, PRIORITY) for records in draw(7, 100_000, 1, TIMES[0], lower))
    return {key: after[key] - before[key] for key in before}


@cache
def odds_of_loss() -> float:
    """What has to be taken from the log odds for a loss of ``LOSS``, by bisection."""
    low, high = 0.0, 2.0
    for _ in range(9):
        middle = (low + high) / 2
        low, high = (low, middle) if long_run(middle)[LOST] < -LOSS else (middle, high)
    return high


def play(time: float, trials: int, frames: int, drives: int, lower: float = 0.0) -> list[list[Change]]:
    """The gate's answers to ``trials`` pairs."""
    pairs = (paired_figures(*draw(seed, frames, drives, time, lower), PRIORITY) for seed in range(trials))
    return [judge(figures, PRIORITY, Margins()) for figures in pairs]


def coverage(pairs: list[list[Change]], truth: Mapping[str, float]) -> list[float]:
    """For each figure, how often its interval holds the true change."""
    held: dict[str, list[bool]] = {}
    for change in (change for changes in pairs for change in changes if change.answer != ABSENT):
        held.setdefault(change.key, []).append(change.low <= truth[change.key] <= change.high)
    return [sum(each) / len(each) for each in held.values()]


def row(time: float, options: argparse.Namespace) -> str:
    """One line of the table."""
    size = (options.trials, options.frames, options.drives)
    equal, lost = play(time, *size), play(time, *size, lower=odds_of_loss())
    held, held_lost = coverage(equal, dict.fromkeys(long_run(0.0), 0.0)), coverage(lost, long_run(odds_of_loss()))
    cells = [
        *(_share(decision(changes) == answer for changes in equal) for answer in (AS_GOOD, OPEN, WORSE)),
        *(f"{sum(each) / len(each):6.1%} [{min(each):4.0%}]" for each in (held, held_lost)),
        *(_share(decision(changes) == answer for changes in lost) for answer in (AS_GOOD, OPEN, WORSE)),
        _share(change.answer in (BETTER, AS_GOOD) for changes in lost for change in changes if change.key == LOST),
    ]
    return f"{time:>4}  " + "  ".join(f"{cell:>{len(head)}}" for cell, head in zip(cells, HEADS, strict=True))


def _share(events: Iterable[bool]) -> str:
    known = list(events)
    return f"{sum(known) / len(known):.1%}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=400, help="pairs of models for each cell (400)")
    parser.add_argument("--frames", type=int, default=101, help="frames of the split (101)")
    parser.add_argument("--drives", type=int, default=1, help="drives that the frames are divided among (1)")
    options = parser.parse_args()
    print(f"{options.trials} pairs, {options.frames} frames of {options.drives} drive(s), {Margins()}")
    print("   τ  " + "  ".join(HEADS))
    for time in TIMES:
        print(row(time, options), flush=True)


if __name__ == "__main__":
    main()
