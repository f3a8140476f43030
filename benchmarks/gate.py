"""How often the gate of a promotion is right, on simulated pairs of models.

    python -m benchmarks.gate [--trials 200] [--frames 101] [--drives 1]

The error model, for each class and frame: the true area is lognormal while the class is there, and 0 else; the log odds
that a pixel of it is found are the class's own, a difficulty that both models share, and an error of each model alone;
false pixels likewise, as a share of the area. Each of these is a Gaussian process that forgets exp(-1/τ) a frame, τ the
correlation time; nothing is independent from frame to frame. Objects are found by the same odds. Both models are equal,
or the second has lower odds for one class, by which its Dice falls by 0.085 in the long run. Printed are, for each τ:

- how often equal models are called as good, not enough data, worse;
- how often the intervals of all figures hold the true change, and of how many of the figures that is the case;
- how often the loss of 0.085 is called worse, not enough data, or goes through.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
from scipy.signal import lfilter
from scipy.special import expit, ndtr

from eval.compare import Change, Margins, judge
from eval.figures import paired_figures, scores_of

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
TIMES = (3, 8, 10)

Floats = np.ndarray


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
def long_run(lower: float, time: float = 3) -> dict[str, float]:
    """The true change of each figure."""
    before, after = (scores_of(records, PRIORITY) for records in draw(7, 200_000, 1, time, lower))
    return {key: after[key] - before[key] for key in before}


@cache
def odds_of_loss() -> float:
    """What has to be taken from the log odds for a loss of ``LOSS``, by bisection."""
    low, high = 0.0, 2.0
    for _ in range(10):
        middle = (low + high) / 2
        low, high = (low, middle) if long_run(middle)[f"dice/{LOSER}"] < -LOSS else (middle, high)
    return high


def play(time: float, trials: int, frames: int, drives: int, lower: float) -> list[list[Change]]:
    """The gate's answers to ``trials`` pairs."""
    answers = []
    for seed in range(trials):
        records = draw(seed, frames, drives, time, lower)
        answers.append(judge(paired_figures(*records, PRIORITY), PRIORITY, Margins()))
    return answers
