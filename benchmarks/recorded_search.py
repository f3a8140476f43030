"""Bayesian against random search on a table of real trainings: what a sweep of 15 runs would have found.

    python -m benchmarks.recorded_search [--runs 15] [--seeds 50] [--noise 0.01] [--metric val/miou]

`camvid_search.csv` holds the outcome of every point of `SPACE` (trained by `benchmarks.record_search` on CamVid: 96x128
crops, 4 epochs, 27 to 139 s each on one core; val is the official split, one drive). A sweep proposes any learning rate
between the ends of `RATES`. Its outcome is that of the nearest rate with the same other settings. The best training has
the largest rate of the table, so the optimum would be in a corner. Therefore sweeps may go on to `BEYOND`, where
nothing was trained. The assumption there: a setting is no better than at the last rate, and no better than at the rate
as many steps before the last one.

Each value that a sweep sees has noise, as if from another seed. Its deviation is an assumption, because every point was
trained once. The output has median and quartiles, over the seeds, of the recorded value of the run that looked best. It
also says how often Bayesian search found a better run than random search (a tie counts half).
"""

from __future__ import annotations

import argparse
import csv
import math
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from files.headlines import choose
from wandb_local.search import Search, Trial

TABLE = Path(__file__).with_name("camvid_search.csv")
SPACE: dict[str, list[Any]] = {
    "backbone": ["efficientnet_lite0", "resnet18", "mobilenetv3_small_050"],
    "loss": ["focal", "{ce: 1.0, dice: 1.0}"],
    "batch_size": [4, 16],
    "fit": ["one_cycle", "fine_tune"],
    "lr": [1e-4, 4e-4, 1.6e-3, 6.4e-3, 2.56e-2],
}
BEYOND = [1.024e-1, 4.096e-1]
RATES = [*SPACE["lr"], *BEYOND]
NOISE = 0.01  # deviation of a metric from seed to seed
METRICS = tuple(f"val/{score.key}" for score in choose("priority_dice", "miou", "foreground_acc", "pixel_acc"))


class Recorded(NamedTuple):
    """One training: its settings, and its metrics (none of a training that diverged)."""

    settings: dict[str, Any]
    metrics: dict[str, float]


def read_table(path: Path = TABLE) -> list[Recorded]:
    """The trainings recorded so far, in the order in which they ran.

    Raises:
        ValueError: a row holds a setting that is not in `SPACE`, because the table was recorded for another space.
    """
    with path.open(newline="", encoding="utf-8") as file:
        return [_recorded(row, path) for row in csv.DictReader(file)]


def _recorded(row: Mapping[str, str], path: Path) -> Recorded:
    settings = {}
    for name, values in SPACE.items():
        by_text = {str(value): value for value in values}
        if row[name] not in by_text:
            raise ValueError(f"{path}: {name}={row[name]} is not in the space; record the table anew")
        settings[name] = by_text[row[name]]
    return Recorded(settings, {key: float(row[key]) for key in METRICS if row[key]})


def parameters() -> dict[str, Any]:
    """`SPACE` as the parameters of a sweep."""
    choices = {name: {"values": values} for name, values in SPACE.items() if name != "lr"}
    return {**choices, "lr": {"distribution": "log_uniform_values", "min": RATES[0], "max": RATES[-1]}}


def outcome(table: Sequence[Recorded], args: Mapping[str, Any], metric: str) -> float | None:
    """Value of the training with these settings and the nearest learning rate. None if this training diverged."""
    same = [row for row in table if all(row.settings[name] == args[name] for name in SPACE if name != "lr")]
    by_rate = {row.settings["lr"]: row.metrics.get(metric) for row in same}
    place = min(range(len(RATES)), key=lambda i: abs(math.log(RATES[i] / args["lr"])))
    last = len(SPACE["lr"]) - 1
    values = [by_rate[RATES[i]] for i in {min(place, last), min(place, 2 * last - place)}]
    known = [value for value in values if value is not None]
    return min(known) if len(known) == len(values) else None


def play(table: Sequence[Recorded], metric: str, method: str, seed: int, runs: int, noise: float = NOISE) -> float:
    """Recorded value of the run that looked best in one sweep."""
    config = {"method": method, "metric": {"name": metric, "goal": "maximize"}, "parameters": parameters()}
    search, trials, luck = Search(config, seed), list[Trial](), Random(f"noise {seed}")
    seen = [(0.0, 0.0)]
    for _ in range(runs):
        args = search.suggest(trials)
        assert args is not None
        value = outcome(table, args, metric)
        looks = None if value is None else value + luck.gauss(0, noise)
        trials.append(Trial(args, "failed" if looks is None else "finished", looks))
        if value is not None and looks is not None:
            seen.append((looks, value))
    return max(seen)[1]


def compare(
    table: Sequence[Recorded], metric: str, runs: int, seeds: int, noise: float = NOISE
) -> dict[str, list[float]]:
    """What random and Bayesian search found, one value for each seed."""
    return {
        method: [play(table, metric, method, seed, runs, noise) for seed in range(seeds)]
        for method in ("random", "bayes")
    }


def main() -> None:
    """Read the table, search, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=15, help="runs of a sweep")
    parser.add_argument("--seeds", type=int, default=50, help="sweeps of each method")
    parser.add_argument("--noise", type=float, default=NOISE, help="deviation of a metric from seed to seed")
    parser.add_argument("--metric", choices=METRICS, action="append", help="default: priority Dice and mIoU")
    options = parser.parse_args()
    if options.runs < 1 or options.seeds < 2:
        parser.error("--runs is 1 or more, --seeds is 2 or more")
    table, points = read_table(), math.prod(map(len, SPACE.values()))
    if len(table) < points:
        parser.error(
            f"{TABLE.name} holds {len(table)} of {points} trainings: `python -m benchmarks.record_search CAMVID`"
        )
    print(
        f"Recorded value of the run that looked best of {options.runs}, median [quartiles] of {options.seeds} seeds; "
        f"noise {options.noise:g}, {len(table)} trainings"
    )
    for metric in options.metric or METRICS[:2]:
        known = [row.metrics[metric] for row in table if metric in row.metrics]
        print(f"{metric}: median of all trainings {statistics.median(known):.3f}, best {max(known):.3f}")
        found = compare(table, metric, options.runs, options.seeds, options.noise)
        better = sum((b > r) + 0.5 * (b == r) for b, r in zip(found["bayes"], found["random"], strict=True))
        for method, values in found.items():
            low, middle, high = statistics.quantiles(values, n=4)
            against = f"   better than random {better / options.seeds:4.0%}" if method == "bayes" else ""
            print(f"  {method:6} {middle:.4f}  [{low:.4f}, {high:.4f}]{against}", flush=True)


if __name__ == "__main__":
    main()
