"""Grid search: every combination of the parameters' values, each once."""

import itertools
import math
from collections.abc import Sequence
from typing import Any

from wandb_local.search.canonical import canonical
from wandb_local.search.space import Space
from wandb_local.search.trial import Trial


class Grid:
    """All points of a grid in order of the parameters' names, the last one changing fastest (W&B's order)."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self.columns = [_distinct(dimension.distribution.support or ()) for dimension in space.dimensions]

    @property
    def size(self) -> int:
        """Number of points."""
        return math.prod(len(column) for column in self.columns)

    def suggest(self, trials: Sequence[Trial]) -> list[Any] | None:
        """The first point that no trial has, in any state; None if none is left.

        Walks past the points handed out, so the cost grows with the trials and not with the grid.
        """
        taken = self.space.taken(trials)
        for cells in itertools.product(*self.columns):
            if tuple(name for name, _ in cells) not in taken:
                return [value for _, value in cells]
        return None


def _distinct(values: Sequence[Any]) -> list[tuple[str, Any]]:
    """Each value that is not equal to an earlier one, with its identity."""
    first: dict[str, Any] = {}
    for value in values:
        first.setdefault(canonical(value), value)
    return list(first.items())
