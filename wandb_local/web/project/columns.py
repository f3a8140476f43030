"""The columns of the list of runs, and the rows with the values in them."""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wandb_local.context import Context
from wandb_local.documents import Document, plain
from wandb_local.records.columns import offered_columns
from wandb_local.records.listing import listed_runs
from wandb_local.records.states import quiet, state
from wandb_local.records.sweeps import parse_config
from wandb_local.records.trials import metric_name
from wandb_local.store.database import Row
from wandb_local.web.charts.definitions import Definitions
from wandb_local.web.documents import NOT_FINITE, config_of, differing, is_number, put, summary_of, title_of
from wandb_local.web.grids import link_column, number_column, time_column, value_column
from wandb_local.web.project.order import Order
from wandb_local.web.times import put_time
from wandb_local.web.urls import address

_VALIDATED = re.compile(r"(val|valid|validation|eval|test)(/|_|\.|$)")
_INCIDENTAL = re.compile(r"(.*[._/-])?(seed|random_state)")  # settings that differ, but choose nothing
_SUMMED = re.compile(r"\.(min|max|mean|best|last)$")  # what `define_metric` with a `summary` appends
_CHOSEN = 5  # columns of config and of summary each, until a visitor chooses
_SEEN = 200  # runs, the newest ones, by which the columns are chosen that a visitor sees who has chosen none
_MOST = 1000  # columns that are offered


@dataclass(frozen=True)
class Listed:
    """A run with its config and summary; ``documents`` has them by these words, without lists and media.

    ``goal`` is the metric of its sweep, or ``""``.
    """

    row: Row
    documents: Mapping[str, Document]
    goal: str


def newest(context: Context, order: Order) -> list[Listed]:
    """The first runs of the usual order, by which columns are chosen."""
    return runs_of(context, order.ids(0, _SEEN))


def runs_of(context: Context, ids: Sequence[int]) -> list[Listed]:
    """The rows of the list for the runs with these ids, in this order; deleted runs are left out."""
    rows = {row["id"]: row for row in listed_runs(context.db, ids)}
    goals = {text: metric_name(parse_config(text)) for text in {row["sweep_config"] for row in rows.values()} if text}
    return [
        Listed(
            row,
            {"config": plain(config_of(row)), "summary": plain(summary_of(row))},
            goals.get(row["sweep_config"], ""),
        )
        for row in (rows[run_id] for run_id in ids if run_id in rows)
    ]


def offered(context: Context, project_id: int, chosen: Sequence[str] = ()) -> list[str]:
    """The columns that a visitor may choose: ``_MOST`` of them, and those that are ``chosen``."""
    return offered_columns(context.db, project_id, _MOST, chosen)


def usual(runs: Sequence[Listed]) -> list[str]:
    """The columns that a visitor sees who has chosen none: results that matter, and settings that differ. They do not
    depend on the order of the keys, as the client writes them in another order each time: short names come first."""
    return [f"summary.{name}" for name in _results(runs)[:_CHOSEN]] + [
        f"config.{name}" for name in _settings(runs)[:_CHOSEN]
    ]


def _results(runs: Sequence[Listed]) -> list[str]:
    """The numbers that runs end with: what a sweep searches for, then what most runs have; of these, what validation
    gave, then the others, at the end what is split by class and the like; what no run has logged as it went comes
    later; last of all what a script hides, and the metrics that others are drawn over."""
    goals = {run.goal for run in runs}
    logged = {name for run in runs for name in json.loads(run.row["history_keys"])["keys"]}
    counts = Counter(
        name
        for run in runs
        for name, value in run.documents["summary"].items()
        if is_number(value) or value in NOT_FINITE
    )

    metrics = {name: name if name in logged else _SUMMED.sub("", name) for name in counts}
    defined = [(run, Definitions(run.row)) for run in runs]
    results = {n for run, own in defined for n in run.documents["summary"] if not own.of(metrics.get(n, n)).hidden}
    steps = {step for _, own in defined for step in own.steps}

    def rank(name: str) -> tuple[bool | int | str, ...]:
        metric = metrics[name]
        aside = name not in results or metric in steps
        validated = _VALIDATED.match(metric.lower()) is not None
        split = len(re.findall("[/.]", _SUMMED.sub("", name))) > 1
        rare = 2 * counts[name] < len(runs)
        kind = (aside, rare, split or not validated, split, metric not in logged)
        return metric not in goals, *kind, len(metric), metric, name

    return sorted(counts, key=rank)


def _settings(runs: Sequence[Listed]) -> list[str]:
    """The settings that differ; paths and seeds, which differ in each run, come last."""
    documents = [run.documents["config"] for run in runs]

    def rank(name: str) -> tuple[bool | int | str, ...]:
        values = [document.get(name) for document in documents]
        path = any(isinstance(value, str) and ("/" in value or "\\" in value) for value in values)
        return path or _INCIDENTAL.fullmatch(name.lower()) is not None, len(name), name

    return sorted(differing(documents), key=rank)


def column_definitions(chosen: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The grid's columns: the fixed ones and those that are chosen."""
    before: list[dict[str, Any]] = [
        link_column("name", "Run", pinned="left", width=190, minWidth=150),
        {"field": "state", "headerName": "State", "cellRenderer": "State", "width": 105},
        time_column("created", "Created"),
    ]
    after = [
        number_column("duration", "Duration (s)", width=125),
        link_column("sweep", "Sweep", "sweep_href", width=110),
        {"field": "tags", "headerName": "Tags", "width": 120},
    ]
    values = [_value_column(name, [row[name] for row in rows]) for name in chosen]
    return [*before, *values, *(column for column in after if any(row[column["field"]] for row in rows))]


def _value_column(name: str, values: Sequence[Any]) -> dict[str, Any]:
    header = name.partition(".")[2]
    return value_column(name, header, values, width=min(max(len(header) * 8 + 60, 110), 180))


def grid_rows(runs: Sequence[Listed], entity: str, project: str, chosen: Sequence[str]) -> list[dict[str, Any]]:
    """The grid's rows."""
    columns = [(column, *column.partition(".")[::2]) for column in chosen]
    rows = [_fixed(run.row, entity, project) for run in runs]
    for run, row in zip(runs, rows, strict=True):
        for column, word, name in columns:
            put(row, column, run.documents.get(word, {}).get(name))
    return rows


def _fixed(run: Row, entity: str, project: str) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": run["name"],
        "name": title_of(run),
        "href": address(entity, project, "runs", run["name"]),
        "state": state(run),
        "quiet": quiet(run),
        "sweep": run["sweep"],
        "sweep_href": run["sweep"] and address(entity, project, "sweeps", run["sweep"]),
        "duration": round(run["heartbeat_at"] - run["created_at"], 1),
        "tags": ", ".join(json.loads(run["tags"])),
        "shown": {},
    }
    put_time(row, "created", run["created_at"])
    return row
