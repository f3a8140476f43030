"""Bayesian against random search after a few runs, and the time of one suggestion.

    python -m benchmarks.search [--runs 15] [--seeds 50] [--agents 1] [--tpe]

The landscapes are synthetic (see `search_landscapes`). A sweep's result is the noiseless score of the run that looked
best; printed are its median and quartiles over the seeds and how often Bayesian search did better (a tie counts half).
`--tpe` adds optuna's TPE sampler with 5 startup trials on the same points, for comparison.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from benchmarks.search_landscapes import LANDSCAPES, Landscape
from wandb_local.search import Search, Trial

FAILED = (-1.0, -1.0)
Suggest = Callable[[Sequence[Trial]], dict[str, Any] | None]


def config(landscape: Landscape, method: str) -> dict[str, Any]:
    """Sweep configuration of a landscape."""
    return {"method": method, "metric": {"name": "score", "goal": "maximize"}, "parameters": landscape.parameters}


def play(landscape: Landscape, suggest: Suggest, seed: int, runs: int, agents: int) -> float:
    """Noiseless score of the run that looked best, with `agents` runs under way at any time."""
    noise, seen = Random(f"noise {seed}"), [FAILED]
    trials: list[Trial] = []
    waiting: list[int] = []
    for number in range(runs + agents - 1):
        if number < runs:
            args = suggest(trials)
            assert args is not None
            trials.append(Trial(args, "running"))
            waiting.append(number)
        if len(waiting) == agents or number >= runs:
            done = waiting.pop(0)
            score = landscape.score(trials[done].args)
            noisy = None if score is None else score + noise.gauss(0, landscape.noise)
            seen.append(FAILED if score is None or noisy is None else (noisy, score))
            trials[done] = Trial(trials[done].args, "failed" if noisy is None else "finished", noisy)
    return max(seen)[1]


def ours(landscape: Landscape, method: str, seed: int) -> Suggest:
    """Search of this package."""
    return Search(config(landscape, method), seed).suggest


def tpe(landscape: Landscape, seed: int) -> Suggest:
    """optuna's TPE over the same codes of the same distributions."""
    import optuna

    from wandb_local.search.distributions import Choice
    from wandb_local.search.outcomes import outcomes

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    search = Search(config(landscape, "bayes"), seed)
    kinds = [dimension.distribution for dimension in search.space.dimensions]
    ranges: dict[str, optuna.distributions.BaseDistribution] = {
        str(i): optuna.distributions.CategoricalDistribution(list(range(len(kind.support))))
        if isinstance(kind, Choice)
        else optuna.distributions.FloatDistribution(0.0, 1.0)
        for i, kind in enumerate(kinds)
    }

    def suggest(trials: Sequence[Trial]) -> dict[str, Any]:
        sampler = optuna.samplers.TPESampler(seed=seed * 1000 + len(trials), n_startup_trials=5)
        study = optuna.create_study(direction="maximize", sampler=sampler)
        for trial, score in zip(trials, outcomes(trials, search.config["metric"]), strict=True):
            values = search.space.values(trial.args) or []
            codes = {str(i): kind.encode(value) for i, (kind, value) in enumerate(zip(kinds, values, strict=True))}
            under_way = trial.state == "running"
            state = optuna.trial.TrialState.RUNNING if under_way else optuna.trial.TrialState.COMPLETE
            value = None if under_way else score or 0.0
            study.add_trial(optuna.trial.create_trial(state=state, params=codes, distributions=ranges, value=value))
        codes = study.ask(ranges).params
        return search.space.arguments([kind.decode(codes[str(i)]) for i, kind in enumerate(kinds)])

    return suggest


def compare(landscape: Landscape, options: argparse.Namespace) -> None:
    """Print one line for each method on one landscape."""
    methods: dict[str, Callable[[int], Suggest]] = {
        "random": lambda seed: ours(landscape, "random", seed),
        "bayes": lambda seed: ours(landscape, "bayes", seed),
    }
    if options.tpe:
        methods["tpe"] = lambda seed: tpe(landscape, seed)
    reference: list[float] = []
    for name, build in methods.items():
        results = [play(landscape, build(seed), seed, options.runs, options.agents) for seed in range(options.seeds)]
        reference = reference or results
        better = sum((a > b) + 0.5 * (a == b) for a, b in zip(results, reference, strict=True)) / len(results)
        low, middle, high = statistics.quantiles(results, n=4)
        against = "" if name == "random" else f"   better than random {better:4.0%}"
        print(f"{landscape.name:14} {name:8} {middle:.3f}  [{low:.3f}, {high:.3f}]{against}", flush=True)


def speed(past: int = 200) -> float:
    """Milliseconds of processor time for one suggestion with `past` runs, the median of nine."""
    landscape = LANDSCAPES[0]
    trials: list[Trial] = []
    draw, search = ours(landscape, "random", 0), Search(config(landscape, "bayes"), 0)
    for _ in range(past):
        args = draw(trials) or {}
        trials.append(Trial(args, "finished", landscape.score(args)))
    times = []
    for _ in range(9):
        start = time.process_time()
        search.suggest(trials)
        times.append(time.process_time() - start)
    return 1000 * statistics.median(times)


def main() -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=15, help="runs of a sweep")
    parser.add_argument("--seeds", type=int, default=50, help="sweeps for each method and landscape")
    parser.add_argument("--agents", type=int, default=1, help="runs under way at the same time")
    parser.add_argument("--tpe", action="store_true", help="compare with optuna's TPE as well")
    options = parser.parse_args()
    print(f"Score after {options.runs} runs, {options.agents} agent(s), {options.seeds} seeds; synthetic landscapes")
    print("landscape      method   median [quartiles]")
    for landscape in LANDSCAPES:
        compare(landscape, options)
    print(f"one suggestion with 200 past runs: {speed():.0f} ms of processor time")


if __name__ == "__main__":
    main()
