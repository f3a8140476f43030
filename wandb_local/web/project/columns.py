"""The columns of the list of runs, and the rows with the values in them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wandb_local.context import Context
from wandb_local.database import Row
from wandb_local.graphql.common import iso
from wandb_local.graphql.runs import state
from wandb_local.graphql.searchable import RUNS
from wandb_local.web.documents import Document, config_of, differing, put, summary_of, title_of
from wandb_local.web.grids import link_column, value_column
from wandb_local.web.urls import address

_CHOSEN = 4  # columns of config and of summary each, until a visitor chooses
_SELECT = (
    "SELECT runs.name, runs.display_name, runs.state, runs.heartbeat_at, runs.created_at, runs.tags, runs.config,"
    " runs.summary, sweeps.name AS sweep"
    " FROM runs LEFT JOIN sweeps ON sweeps.id = sweep_id WHERE runs.project_id = ? ORDER BY runs.created_at DESC"
)


@dataclass(frozen=True)
class Listed:
    """A run with its config and summary; ``documents`` has them by these words, without lists and media."""

    row: Row
    documents: Mapping[str, Document]


def runs_of(context: Context, project_id: int) -> list[Listed]:
    """The runs of a project, newest first, with what the list shows of them."""
    rows = context.db.rows(_SELECT, (project_id,))
    return [Listed(row, {"config": _plain(config_of(row)), "summary": _plain(summary_of(row))}) for row in rows]


def version_of(context: Context, project_id: int) -> list[Any]:
    """What changes whenever the list does, also because a run has not been heard of for too long."""
    sql = (
        "SELECT count(*), max(heartbeat_at), max(updated_at), group_concat(DISTINCT state),"
        f" total({RUNS.fields['state']} IN ('crashed', 'preempted')) FROM runs WHERE project_id = ?"
    )
    return list(context.db.rows(sql, (project_id,))[0])


def offered(runs: Sequence[Listed]) -> list[str]:
    """All columns that config and summary offer: ``config.lr``, ``summary.val/loss``."""
    names = [f"{word}.{name}" for word in ("config", "summary") for run in runs for name in run.documents[word]]
    return list(dict.fromkeys(names))


def usual(runs: Sequence[Listed]) -> list[str]:
    """The columns that a visitor sees who has chosen none: settings that differ, and the first few results."""
    settings = [f"config.{name}" for name in differing([run.documents["config"] for run in runs])]
    results = [name for name in offered(runs) if name.startswith("summary.")]
    results.sort(key=lambda name: name.count("/"))
    return settings[:_CHOSEN] + results[:_CHOSEN]


def column_definitions(chosen: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The grid's columns: the fixed ones and those that are chosen."""
    fixed: list[dict[str, Any]] = [
        link_column("name", "Run", pinned="left", minWidth=240),
        {"field": "state", "headerName": "State", "cellRenderer": "State", "width": 120},
        link_column("sweep", "Sweep", "sweep_href", width=110),
        {"field": "created", "headerName": "Created", "width": 180},
        {"field": "duration", "headerName": "Duration (s)", "width": 130, "filter": "agNumberColumnFilter"},
        {"field": "tags", "headerName": "Tags", "width": 120},
    ]
    return fixed + [value_column(name, name.partition(".")[2], (row[name] for row in rows)) for name in chosen]


def grid_rows(runs: Sequence[Listed], entity: str, project: str, chosen: Sequence[str]) -> list[dict[str, Any]]:
    """The grid's rows."""
    columns = [(column, *column.partition(".")[::2]) for column in chosen]
    rows = [_fixed(run.row, entity, project) for run in runs]
    for run, row in zip(runs, rows, strict=True):
        for column, word, name in columns:
            put(row, column, run.documents.get(word, {}).get(name))
    return rows


def _fixed(run: Row, entity: str, project: str) -> dict[str, Any]:
    return {
        "id": run["name"],
        "name": title_of(run),
        "href": address(entity, project, "runs", run["name"]),
        "state": state(run),
        "sweep": run["sweep"],
        "sweep_href": run["sweep"] and address(entity, project, "sweeps", run["sweep"]),
        "created": iso(run["created_at"]),
        "duration": round(run["heartbeat_at"] - run["created_at"], 1),
        "tags": ", ".join(json.loads(run["tags"])),
        "shown": {},
    }


def _plain(document: Document) -> Document:
    return {name: value for name, value in document.items() if not isinstance(value, dict | list)}
