"""How often the analysis of a sweep says that a parameter mattered: for idle parameters, and for those with an effect.

    python -m benchmarks.sweep_importance [--runs 30] [--seeds 30] [--method bayes]

Every function of `benchmarks.search` gets two idle parameters, a number and a choice. Sweeps of so many runs are
simulated. The table counts the answers of `wandb_local.search.effects`, which the page of a sweep and its report use.
The effects of the other parameters differ in size, and some are smaller than the noise.
"""

import argparse
from random import Random
from typing import Any

from benchmarks.search import ALL, config
from benchmarks.search_landscapes import Landscape
from wandb_local.search import Search, Trial
from wandb_local.search.effects import effects

IDLE: dict[str, Any] = {"idle_number": {"min": 0.0, "max": 1.0}, "idle_choice": {"values": ["a", "b", "c"]}}


def sweep(landscape: Landscape, method: str, seed: int, runs: int) -> list[Trial]:
    """The runs of one sweep that did not fail."""
    wider = Landscape(landscape.name, {**landscape.parameters, **IDLE}, landscape.score, landscape.noise)
    search, noise = Search(config(wider, method), seed), Random(f"noise {seed}")
    trials: list[Trial] = []
    for _ in range(runs):
        args = search.suggest(trials) or {}
        score = landscape.score(args)
        noisy = None if score is None else score + noise.gauss(0, landscape.noise)
        trials.append(Trial(args, "failed" if noisy is None else "finished", noisy))
    return [trial for trial in trials if trial.metric is not None]


def standing(trials: list[Trial]) -> dict[str, bool]:
    """Of each parameter that varied, whether it stands out."""
    values = {name: [trial.args[name] for trial in trials] for name in trials[0].args}
    varied = {name: given for name, given in values.items() if len({*map(str, given)}) > 1}
    found, _ = effects([*varied.values()], [trial.metric or 0.0 for trial in trials])
    return {name: effect.stands_out for name, effect in zip(varied, found, strict=True)}


def main() -> None:
    """Play, count, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=30, help="runs of a sweep")
    parser.add_argument("--seeds", type=int, default=30, help="sweeps of each function")
    parser.add_argument("--method", choices=["bayes", "random"], default="bayes")
    options = parser.parse_args()
    print(f"Parameters that stand out after {options.runs} runs of {options.method}, {options.seeds} seeds")
    idle: list[bool] = []
    others: list[bool] = []
    for landscape in ALL:
        found = [standing(sweep(landscape, options.method, seed, options.runs)) for seed in range(options.seeds)]
        names = dict.fromkeys(name for row in found for name in row)
        shares = {name: sum(row.get(name, False) for row in found) / len(found) for name in names}
        print(f"{landscape.name:14}", "  ".join(f"{name} {share:.0%}" for name, share in shares.items()), flush=True)
        for row in found:
            idle += [stands for name, stands in row.items() if name.startswith("idle")]
            others += [stands for name, stands in row.items() if not name.startswith("idle")]
    print(f"idle parameters {sum(idle) / len(idle):.1%}, the others {sum(others) / len(others):.0%}")


if __name__ == "__main__":
    main()
