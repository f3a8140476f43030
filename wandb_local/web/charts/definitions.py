"""The definitions of ``run.define_metric``: the horizontal axis of each metric, and which metrics are hidden."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wandb_local.store.database import Row
from wandb_local.web.charts.series import AXES, SYSTEM, metric_names
from wandb_local.web.documents import noted

# The client notes a list of records whose keys are the numbers of the fields of its protocol's MetricRecord.
_NAME, _PATTERN, _STEP_NAME, _STEP_PLACE, _OPTIONS = "1", "2", "4", "5", "6"
_HIDDEN = 2  # among the options
DEFINED = "*"  # the axis that says: as the run defines it, else the step


@dataclass(frozen=True)
class Definition:
    """The key of the metric that is the horizontal axis, or None; and whether the metric is left out of the charts."""

    step: str | None = None
    hidden: bool = False


class Definitions:
    """The definitions of one run, by names and by patterns that end with ``*``."""

    def __init__(self, run: Row) -> None:
        self._names: dict[str, Definition] = {}
        self._starts: dict[str, Definition] = {}
        records = noted(run, "m")
        for record in records if isinstance(records, list) else []:
            self._add(record, records)

    def _add(self, record: Any, records: Sequence[Any]) -> None:
        if not isinstance(record, dict):
            return
        options = record.get(_OPTIONS)
        definition = Definition(_step(record, records), isinstance(options, list) and _HIDDEN in options)
        if isinstance(name := record.get(_NAME), str):
            self._names[name] = definition
        elif isinstance(pattern := record.get(_PATTERN), str):
            self._starts[pattern.removesuffix("*")] = definition

    def of(self, name: str) -> Definition:
        """The definition of a metric, by its name or by the longest pattern that matches it. System metrics have no
        definition."""
        if name.startswith(f"{SYSTEM}."):
            return Definition()
        if name in self._names:
            return self._names[name]
        fitting = [start for start in self._starts if name.startswith(start)]
        return self._starts[max(fitting, key=len)] if fitting else Definition()

    @property
    def steps(self) -> Iterator[str]:
        """The metrics that others are drawn over."""
        return (each.step for each in (*self._names.values(), *self._starts.values()) if each.step is not None)


def _step(record: Mapping[str, Any], records: Sequence[Any]) -> str | None:
    """The name of the step metric, which is another record, counted from 1, or its name in older clients."""
    place = record.get(_STEP_PLACE)
    if isinstance(place, int) and 0 < place <= len(records) and isinstance(records[place - 1], dict):
        name = records[place - 1].get(_NAME)
    else:
        name = record.get(_STEP_NAME)
    return name if isinstance(name, str) else None


def defined_axes(runs: Sequence[Row], names: Iterable[str]) -> dict[str, str]:
    """The horizontal axis of each metric, from the first run that defines it, or else the step. An axis that a run
    has never logged cannot be used."""
    defined = [(Definitions(run), {*metric_names(run), *AXES}) for run in runs]
    axes = {}
    for name in names:
        steps = ((own.of(name).step, logged) for own, logged in defined)
        axes[name] = next((step for step, logged in steps if step != name and step in logged), "_step")
    return axes
