"""A sweep and its runs as the page shows them."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from wandb_local.clock import CLOCK
from wandb_local.context import Context
from wandb_local.errors import NotFoundError
from wandb_local.records.agents import count_agents
from wandb_local.records.handed_out import STOPPED_BY_AGENT
from wandb_local.records.projects import need_project
from wandb_local.records.states import UNDER_WAY, state
from wandb_local.records.sweeps import expected_runs, find_sweep, parse_config
from wandb_local.records.trials import MARKS, arguments, final_metric, metric_name, sums_of_runs, sweep_runs
from wandb_local.search import Search
from wandb_local.store.database import Row
from wandb_local.web.documents import title_of

STOPPED_EARLY = "stopped early"
_ALIVE = 60.0  # seconds since an agent was last heard of; they beat every 5


@dataclass(frozen=True)
class Parameter:
    """A parameter that varies: its dotted name, and whether it is searched on a logarithmic scale."""

    name: str
    log: bool = False


@dataclass(frozen=True)
class SweepRun:
    """A run of a sweep.

    Attributes:
        values: parameter name to value; what the run was not given is missing.
        metric: the sweep's metric at the end or so far; None without a finite value.
        started, seconds: Unix time of its making; how long it ran.
    """

    name: str
    title: str
    state: str
    values: Mapping[str, Any] = field(default_factory=dict)
    metric: float | None = None
    started: float = 0.0
    seconds: float = 0.0
    steps: int = 0


@dataclass(frozen=True)
class Sweep:
    """A sweep: its record, its normalised configuration, its runs in the order of their making, and why it would start
    no more of them if one resumed it."""

    row: Row
    config: Mapping[str, Any]
    parameters: Sequence[Parameter]
    runs: Sequence[SweepRun]
    ended: str | None = None

    @property
    def metric(self) -> str:
        """The name of the metric, or ``""``."""
        return metric_name(self.config)

    @property
    def maximize(self) -> bool:
        """Whether a higher metric is better."""
        return bool((self.config.get("metric") or {}).get("goal") == "maximize")

    @property
    def title(self) -> str:
        """The name that people gave the sweep, or its id."""
        return str(self.row["display_name"] or self.config.get("name") or self.row["name"])

    @property
    def expected(self) -> int | None:
        """How many runs it will have, or None if there is no end."""
        return expected_runs(self.config)

    @property
    def live(self) -> bool:
        """Whether anything may still change."""
        return self.row["state"] in ("PENDING", "RUNNING", "PAUSED") or any(run.state in UNDER_WAY for run in self.runs)

    def ranked(self) -> list[SweepRun]:
        """The runs that have a metric, best first."""
        scored = [run for run in self.runs if run.metric is not None]
        return sorted(scored, key=lambda run: run.metric or 0.0, reverse=self.maximize)


def read_sweep(context: Context, entity: str, project: str, name: str) -> Sweep:
    """The sweep of that name.

    Raises:
        NotFoundError: it does not exist.
    """
    row = find_sweep(context, need_project(context, entity, project)["id"], name)
    if row is None:
        raise NotFoundError(f"sweep {entity}/{project}/{name} does not exist")
    config = parse_config(row["config"])
    parameters = list(_varied(config["parameters"]))
    runs = [_run(config, parameters, run) for run in sweep_runs(context, row["id"])]
    return Sweep(row, config, parameters, runs, _ended(context, row, config, runs))


def _ended(context: Context, row: Row, config: Mapping[str, Any], runs: Sequence[SweepRun]) -> str | None:
    if row["state"] not in ("PAUSED", "FINISHED", "CANCELED") or any(run.state == "preempted" for run in runs):
        return None
    trials = context.dispatcher.reader.trials(context, config, sweep_runs(context, row["id"], MARKS))
    return Search(config, row["seed"]).exhausted(trials)


def stamp(context: Context, entity: str, project: str, name: str) -> str:
    """Text that changes when anything of a sweep, its runs or its agents does, also as they fall silent."""
    row = find_sweep(context, need_project(context, entity, project)["id"], name)
    if row is None:
        return ""
    return f"{row['state']} {row['updated_at']} {sums_of_runs(context, row['id'])} {agents(context, row['id'])}"


def agents(context: Context, sweep_id: int) -> tuple[int, int]:
    """How many agents of a sweep are at work, and how many there have been."""
    return count_agents(context.db, sweep_id, heard_since=CLOCK.now() - _ALIVE)


def _varied(parameters: Mapping[str, Any], above: str = "") -> Iterator[Parameter]:
    for name, spec in parameters.items():
        if "parameters" in spec:
            yield from _varied(spec["parameters"], f"{above}{name}.")
        elif spec["distribution"] != "constant":
            yield Parameter(above + name, "log_" in spec["distribution"])


def _run(config: Mapping[str, Any], parameters: Sequence[Parameter], row: Row) -> SweepRun:
    given, metric = arguments(config, row), final_metric(metric_name(config), row)
    known = state(row)
    return SweepRun(
        name=row["name"],
        title=title_of(row),
        state=STOPPED_EARLY if known == "killed" and row["stopped"] == STOPPED_BY_AGENT else known,
        values={p.name: value for p in parameters if (value := _at(given, p.name)) is not None},
        metric=metric if metric is not None and math.isfinite(metric) else None,
        started=row["created_at"],
        seconds=max(row["heartbeat_at"] - row["created_at"], 0.0),
        steps=row["history_lines"],
    )


def _at(given: Mapping[str, Any], name: str) -> Any:
    """The value of a dotted name; a name may itself hold dots."""
    if name in given:
        return given[name]
    for head, value in given.items():
        if isinstance(value, Mapping) and name.startswith(f"{head}."):
            return _at(value, name[len(head) + 1 :])
    return None
