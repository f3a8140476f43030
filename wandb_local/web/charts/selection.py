"""Which runs and which of their metrics a page of charts shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wandb_local.context import Context
from wandb_local.records.listing import find_runs
from wandb_local.records.projects import find_run, need_project
from wandb_local.store.database import Row
from wandb_local.web.charts.definitions import Definitions
from wandb_local.web.charts.series import SYSTEM, in_order, metric_names
from wandb_local.web.documents import title_of

PER_PAGE = 12
HIDDEN = "/hidden"  # the section of the metrics that a script hides; no other has a slash
MAX_RUNS = 10  # as many as there are colours
_OFFERED = 100  # runs in the list to choose from; typing finds the others


@dataclass(frozen=True)
class Shown:
    """One page of charts: their metrics, the place of the first one among all matching metrics, and their number."""

    names: list[str]
    first: int
    total: int


def choose(names: Sequence[str], search: str, section: str, first: int) -> Shown:
    """The page of the metrics that begins at ``first``, or the last page if there are fewer."""
    wanted = search.strip().lower()
    fitting = [name for name in names if wanted in name.lower() and section in ("", section_of(name))]
    last_page = max(len(fitting) - 1, 0) // PER_PAGE * PER_PAGE
    first = min(max(first, 0) // PER_PAGE * PER_PAGE, last_page)
    return Shown(fitting[first : first + PER_PAGE], first, len(fitting))


def sections(names: Sequence[str]) -> dict[str, int]:
    """The sections and how many metrics each has, in the order of the metrics."""
    counts: dict[str, int] = {}
    for name in names:
        counts[section_of(name)] = counts.get(section_of(name), 0) + 1
    return counts


def section_of(name: str) -> str:
    """The part of a metric's name before the first slash."""
    if name.startswith(f"{SYSTEM}."):
        return SYSTEM
    return name.split("/", 1)[0] if "/" in name else "general"


def all_metrics(runs: Sequence[Row]) -> tuple[list[str], list[str]]:
    """The metrics of all runs: those that are shown, and those that each run hides that has them."""
    shown: set[str] = set()
    every: set[str] = set()
    for run in runs:
        own, names = Definitions(run), metric_names(run)
        every.update(names)
        shown.update(name for name in names if not own.of(name).hidden)
    return in_order(shown), in_order(every - shown)


def chosen_runs(context: Context, page: Mapping[str, Any], names: Sequence[str] | None = None) -> list[Row]:
    """The runs of a page that exist, each once, ``MAX_RUNS`` at most; ``page`` says entity and project, and the runs
    if ``names`` does not."""
    project = need_project(context, page["entity"], page["project"])
    wanted = dict.fromkeys([*page["runs"][:1], *names] if names is not None else page["runs"])
    found = [find_run(context, project["id"], name) for name in list(wanted)[:MAX_RUNS]]
    return [run for run in found if run is not None]


def run_options(context: Context, page: Mapping[str, Any], search: str, chosen: Sequence[str]) -> list[dict[str, str]]:
    """Runs of the project to choose from, newest first, and those that are chosen already."""
    project = need_project(context, page["entity"], page["project"])
    rows = find_runs(context.db, project["id"], search, _OFFERED)
    known = {row["name"] for row in rows}
    kept = [run for name in chosen if name not in known and (run := find_run(context, project["id"], name))]
    return [{"label": title_of(run), "value": run["name"]} for run in (*kept, *rows)]
