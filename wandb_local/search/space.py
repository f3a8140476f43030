"""The parameters of a sweep as a flat list, and the way back to the nested arguments of a run."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from wandb_local.search.canonical import canonical
from wandb_local.search.distributions import Distribution
from wandb_local.search.families import build_distribution
from wandb_local.search.trial import Trial

Path = tuple[str, ...]
MISSING = object()


@dataclass(frozen=True)
class Dimension:
    """One parameter: its place among the arguments, and the distribution of its values."""

    path: Path
    distribution: Distribution


class Space:
    """All parameters of a normalised configuration, ordered by name whatever the order in the file."""

    def __init__(self, parameters: Mapping[str, Any]) -> None:
        self.dimensions = [Dimension(path, build_distribution(spec)) for path, spec in _leaves(parameters)]

    @cached_property
    def continuous(self) -> bool:
        """Whether some parameter has so many values that no two draws need to be equal."""
        return any(dimension.distribution.continuous for dimension in self.dimensions)

    def arguments(self, values: Sequence[Any]) -> dict[str, Any]:
        """Nested arguments of a run from one value for each dimension."""
        arguments: dict[str, Any] = {}
        for dimension, value in zip(self.dimensions, values, strict=True):
            *parents, name = dimension.path
            level = arguments
            for parent in parents:
                level = level.setdefault(parent, {})
            level[name] = value
        return arguments

    def values(self, arguments: Mapping[str, Any]) -> list[Any] | None:
        """One value for each dimension, or None if the arguments lack one (a run that was not made by this sweep)."""
        found = [_at(arguments, dimension.path) for dimension in self.dimensions]
        return None if any(value is MISSING for value in found) else found

    def point(self, values: Sequence[Any]) -> tuple[str, ...]:
        """Identity of a point: equal for equal values."""
        return tuple(canonical(value) for value in values)

    def taken(self, trials: Sequence[Trial]) -> set[tuple[str, ...]]:
        """Points that were handed out already, whatever became of the runs."""
        return {self.point(values) for trial in trials if (values := self.values(trial.args)) is not None}


def _leaves(parameters: Mapping[str, Any], above: Path = ()) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    for name, spec in sorted(parameters.items()):
        if "parameters" in spec:
            yield from _leaves(spec["parameters"], (*above, name))
        else:
            yield (*above, name), spec


def _at(arguments: Mapping[str, Any], path: Path) -> Any:
    level: Any = arguments
    for name in path:
        if not isinstance(level, Mapping) or name not in level:
            return MISSING
        level = level[name]
    return level
