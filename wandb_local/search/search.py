"""The search of one sweep: its state is the list of its runs, nothing else."""

from collections.abc import Mapping, Sequence
from typing import Any

from wandb_local.search import random_search
from wandb_local.search.config import validate
from wandb_local.search.grid import Grid
from wandb_local.search.space import Space
from wandb_local.search.trial import Trial, best


class Search:
    """Suggests the runs of a sweep.

    `suggest` is a pure function of the configuration, the seed and the trials, so that a server which was restarted
    goes on exactly where it was. The caller counts a suggestion among the trials (as pending) before it asks again.
    """

    def __init__(self, config: Mapping[str, Any], seed: int) -> None:
        self.config = validate(config)
        self.seed = seed
        self.space = Space(self.config["parameters"])
        self._grid = Grid(self.space) if self.config["method"] == "grid" else None

    def suggest(self, trials: Sequence[Trial]) -> dict[str, Any] | None:
        """Arguments of the next run, nested as in the configuration; None if the sweep starts no more runs.

        That is: `run_cap` is reached, some run has reached `metric.target`, or every point of a grid was handed out.
        """
        if self.ended(trials):
            return None
        if self._grid:
            values = self._grid.suggest(trials)
            return None if values is None else self.space.arguments(values)
        if self.config["method"] == "random":
            return self.space.arguments(random_search.suggest(self.space, self.seed, trials))
        from wandb_local.search import bayes  # on first use: the server starts without numpy

        return self.space.arguments(bayes.suggest(self.space, self.config["metric"], self.seed, trials))

    @property
    def expected_runs(self) -> int | None:
        """Number of runs that the sweep will have: the points of a grid, up to `run_cap`; None if it has no end."""
        limits = [self.config["run_cap"]] if "run_cap" in self.config else []
        if self._grid:
            limits.append(self._grid.size)
        return min(limits, default=None)

    def ended(self, trials: Sequence[Trial]) -> str | None:
        """The reason why no more runs may start, independent of the search method; None if more runs may start."""
        cap = self.config.get("run_cap")
        if cap is not None and len(trials) >= cap:
            return f"run_cap {cap} is reached"
        metric = self.config.get("metric", {})
        if "target" in metric and any(_reaches(best(trial, metric["goal"]), metric) for trial in trials):
            return f"a run has reached the target {metric['target']:g} of {metric['name']}"
        return None

    def exhausted(self, trials: Sequence[Trial]) -> str | None:
        """The same, with the end of a grid as a further reason; None if more runs may start."""
        left = self._grid is None or self._grid.suggest(trials) is not None
        return self.ended(trials) or (None if left else "all points of the grid have been handed out")


def _reaches(value: float | None, metric: Mapping[str, Any]) -> bool:
    if value is None:
        return False
    return bool(value >= metric["target"] if metric["goal"] == "maximize" else value <= metric["target"])
