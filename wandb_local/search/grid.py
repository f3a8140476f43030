"""Grid search: every combination of the parameters' values, each once."""

import itertools
from collections.abc import Sequence
from typing import Any

from wandb_local.search.canonical import canonical
from wandb_local.search.space import Space
from wandb_local.search.trial import Trial


class Grid:
    """All points of a grid in order of the parameters' names, the last one changing fastest (W&B's order)."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self.columns = [
            list({canonical(value): value for value in reversed(dimension.distribution.support or ())}.items())[::-1]
            for dimension in space.dimensions
        ]

    def suggest(self, trials: Sequence[Trial]) -> list[Any] | None:
        """First point that no trial has, whatever became of it; None when there is none left.

        Walks past the points handed out, so the cost grows with the trials and not with the grid.
        """
        taken = self.space.taken(trials)
        for cells in itertools.product(*self.columns):
            if tuple(name for name, _ in cells) not in taken:
                return [value for _, value in cells]
        return None
