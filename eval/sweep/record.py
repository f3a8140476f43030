"""A sweep as plain records: what was asked, and what each run answered."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import yaml

from files.yamls import load_yaml

JUDGED = ("finished", "killed")  # what a run that was stopped early had reached by then is real


@dataclass(frozen=True)
class SweepRun:
    """One run of a sweep.

    Attributes:
        id, name: the run's.
        state: finished, running, failed, crashed, or killed, which is what hyperband leaves of a run.
        settings: every setting of the run by name.
        metrics: the finite numbers of its summary.
        reason: why it failed, as its summary says; empty if it says nothing.
    """

    id: str
    name: str
    state: str
    settings: Mapping[str, Any]
    metrics: Mapping[str, float]
    reason: str = ""


@dataclass(frozen=True)
class SweepRecord:
    """A sweep and its runs.

    Attributes:
        path: entity/project/id.
        url: where it can be seen.
        method: grid, random or bayes.
        metric: name of what it optimises.
        maximise: whether more of it is better.
        parameters: names of the settings that it varies; those with a single value are left out.
        runs: oldest first.
    """

    path: str
    url: str
    method: str
    metric: str
    maximise: bool
    parameters: tuple[str, ...]
    runs: tuple[SweepRun, ...]

    def score(self, run: SweepRun) -> float:
        """The metric of a run; NaN if it has none."""
        return run.metrics.get(self.metric, math.nan)

    def judged(self) -> list[SweepRun]:
        """The finished runs and those stopped early that have a score, oldest first."""
        return [run for run in self.runs if run.state in JUDGED and not math.isnan(self.score(run))]

    def ranked(self, backbone: str | None = None) -> list[SweepRun]:
        """The finished runs that have a score, best first; of one backbone alone where it is given."""
        runs = [run for run in self.judged() if run.state == "finished"]
        chosen = [run for run in runs if backbone is None or run.settings.get("backbone") == backbone]
        return sorted(chosen, key=self.score, reverse=self.maximise)

    def best(self, backbone: str | None = None) -> SweepRun:
        """The best finished run.

        Raises:
            ValueError: there is none; the message tells which backbones have some.
        """
        if ranked := self.ranked(backbone):
            return ranked[0]
        seen = sorted({str(run.settings.get("backbone")) for run in self.ranked()})
        of = f" with backbone={backbone}" if backbone else ""
        known = f"finished runs have {', '.join(seen)}" if seen else "no run has finished with such a value yet"
        raise ValueError(f"sweep {self.path}: no finished run{of} has a value of {self.metric}; {known}")

    def varied(self, run: SweepRun) -> dict[str, Any]:
        """The settings of a run that the sweep varies, as far as the run has them."""
        return {name: run.settings[name] for name in self.parameters if name in run.settings}


def text_of(value: Any) -> str:
    """A setting as a person reads it: short numbers, mappings as `ce 1 + dice 0.5`, in whichever order they came."""
    if isinstance(value, str) and value.startswith("{"):  # a mapping as an agent passes it
        with suppress(yaml.YAMLError):
            return text_of(load_yaml(value))
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return str(value)
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, Mapping):
        return " + ".join(f"{key} {text_of(item)}" for key, item in sorted(value.items()))
    return json.dumps(value, sort_keys=True)


def settings_text(settings: Mapping[str, Any], names: Sequence[str]) -> str:
    """Some settings in one line."""
    return ", ".join(f"{name}={text_of(settings[name])}" for name in names if name in settings)
