"""Bayesian search against random search and other engines after a few runs, and the time of one suggestion.

    python -m benchmarks.search [--runs 15] [--seeds 30] [--agents 1] [--sweeps PYTHON] [--optuna] [--only NAME ...]

The twelve functions are synthetic (see `search_landscapes` and `search_functions`). A sweep's result is the noiseless
score of the run that looked best. The output has its median and quartiles over the seeds, and how often our Bayesian
search did better (a tie counts half). `--sweeps` adds W&B's own engine, `sweeps` 0.3.0. It needs numpy below 2, and so
an environment of its own: `python -m venv E && E/bin/pip install sweeps==0.3.0`, then `--sweeps E/bin/python`.
`--optuna` adds optuna's TPE and its Gaussian process, both with 5 startup trials, on the same codes.
"""

import argparse
import json
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.search_functions import FUNCTIONS
from benchmarks.search_landscapes import LANDSCAPES, Landscape
from wandb_local.search import Search, Trial

FAILED = (-1.0, -1.0)
Suggest = Callable[[Sequence[Trial]], dict[str, Any] | None]
Engine = Callable[[Landscape, int], Suggest]  # the search of a landscape with a seed
ALL = [*LANDSCAPES, *FUNCTIONS]


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


def ours(method: str, landscape: Landscape, seed: int) -> Suggest:
    """Search of this package."""
    return Search(config(landscape, method), seed).suggest


def wandbs(process: subprocess.Popen[str], landscape: Landscape, seed: int) -> Suggest:
    """W&B's engine. The odds of choices are left out, because its Bayesian search fails with an IndexError on them."""
    asked = config(landscape, "bayes")
    asked["parameters"] = {
        name: {key: value for key, value in spec.items() if key != "probabilities"}
        for name, spec in landscape.parameters.items()
    }
    assert process.stdin and process.stdout
    requests, answers = process.stdin, process.stdout

    def suggest(trials: Sequence[Trial]) -> dict[str, Any]:
        runs = [{"args": trial.args, "state": trial.state, "metric": trial.metric} for trial in trials]
        request = {"config": asked, "runs": runs, "seed": seed * 1000 + len(trials)}
        requests.write(json.dumps(request) + "\n")
        requests.flush()
        args: dict[str, Any] = json.loads(answers.readline())
        return args

    return suggest


def optunas(kind: str, landscape: Landscape, seed: int) -> Suggest:
    """optuna's TPE or Gaussian process over the same codes of the same distributions."""
    import optuna

    from wandb_local.search.distributions import Choice
    from wandb_local.search.outcomes import outcomes

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    samplers = {"tpe": optuna.samplers.TPESampler, "gp": optuna.samplers.GPSampler}
    search = Search(config(landscape, "bayes"), seed)
    kinds = [dimension.distribution for dimension in search.space.dimensions]
    ranges: dict[str, optuna.distributions.BaseDistribution] = {
        str(i): optuna.distributions.CategoricalDistribution(list(range(len(kind.support))))
        if isinstance(kind, Choice)
        else optuna.distributions.FloatDistribution(0.0, 1.0)
        for i, kind in enumerate(kinds)
    }

    def suggest(trials: Sequence[Trial]) -> dict[str, Any]:
        sampler = samplers[kind](seed=seed * 1000 + len(trials), n_startup_trials=5)
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


def engines(options: argparse.Namespace, stack: ExitStack) -> dict[str, Engine]:
    """The engines to compare, ours first. The stack ends the process of W&B's engine."""
    found: dict[str, Engine] = {"bayes": partial(ours, "bayes"), "random": partial(ours, "random")}
    if options.sweeps:
        command = [options.sweeps, str(Path(__file__).with_name("search_sweeps.py"))]
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        stack.callback(process.wait)
        stack.callback(process.kill)
        found["W&B"] = partial(wandbs, process)
    return found | ({f"optuna {kind}": partial(optunas, kind) for kind in ("tpe", "gp")} if options.optuna else {})


def better(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The share of seeds in which ours did better; a tie counts half."""
    return sum((a > b) + 0.5 * (a == b) for a, b in zip(ours, theirs, strict=True)) / len(ours)


def compare(landscape: Landscape, found: dict[str, Engine], options: argparse.Namespace) -> None:
    """Print one line for each engine on one landscape."""
    reference: list[float] = []
    for name, engine in found.items():
        seeds = range(options.seeds)
        results = [play(landscape, engine(landscape, seed), seed, options.runs, options.agents) for seed in seeds]
        reference = reference or results
        low, middle, high = statistics.quantiles(results, n=4)
        against = f"   bayes better in {better(reference, results):4.0%}" if results is not reference else ""
        print(f"{landscape.name:14} {name:11} {middle:.3f}  [{low:.3f}, {high:.3f}]{against}", flush=True)


def speed(past: int = 200) -> float:
    """Milliseconds of processor time for one suggestion with `past` runs, the median of nine."""
    landscape = LANDSCAPES[0]
    trials: list[Trial] = []
    draw, search = ours("random", landscape, 0), Search(config(landscape, "bayes"), 0)
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
    parser.add_argument("--seeds", type=int, default=30, help="sweeps for each engine and function")
    parser.add_argument("--agents", type=int, default=1, help="runs under way at the same time")
    parser.add_argument("--sweeps", metavar="PYTHON", help="compare with W&B's engine; the Python of its environment")
    parser.add_argument("--optuna", action="store_true", help="compare with optuna's TPE and Gaussian process as well")
    parser.add_argument("--only", nargs="+", choices=[item.name for item in ALL], metavar="NAME", help="functions")
    options = parser.parse_args()
    print(f"Score after {options.runs} runs, {options.agents} agent(s), {options.seeds} seeds; synthetic functions")
    print("function       engine      median [quartiles]")
    with ExitStack() as stack:
        found = engines(options, stack)
        for landscape in ALL:
            if not options.only or landscape.name in options.only:
                compare(landscape, found, options)
    print(f"one suggestion with 200 past runs: {speed():.0f} ms of processor time")


if __name__ == "__main__":
    main()
