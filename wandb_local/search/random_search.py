"""Random search: independent draws from the parameters' distributions."""

from collections.abc import Sequence
from random import Random
from typing import Any

from wandb_local.search.space import Space
from wandb_local.search.trial import Trial

REDRAWS = 100


def draw(space: Space, generator: Random) -> list[Any]:
    """One value for each dimension."""
    return [dimension.distribution.ppf(generator.random()) for dimension in space.dimensions]


def suggest(space: Space, seed: int, trials: Sequence[Trial]) -> list[Any]:
    """Draw the point that follows `trials`.

    The stream depends on the seed and the number of trials alone. When runs were deleted that number comes again, so
    a point that some run has already is drawn anew, unless all parameters are discrete: there repetitions are chance.
    """
    generator = Random(f"{seed}/{len(trials)}")
    values = draw(space, generator)
    if space.continuous:
        taken = space.taken(trials)
        for _ in range(REDRAWS):
            if space.point(values) not in taken:
                break
            values = draw(space, generator)
    return values
