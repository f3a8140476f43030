"""The parts of the sweep page: heading with controls, facts, importance, runs, and what to copy."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from wandb_local.context import Context
from wandb_local.web.documents import put
from wandb_local.web.grids import link_column, number_column, time_column, value_column
from wandb_local.web.sweep.importance import Importance
from wandb_local.web.sweep.read import Sweep, SweepRun, agents
from wandb_local.web.times import put_time
from wandb_local.web.urls import address

ACTIONS = {  # a sweep's state: the buttons, and the state that each of them sets
    "PENDING": {"Pause": "PAUSED", "Stop": "FINISHED", "Cancel": "CANCELED"},
    "RUNNING": {"Pause": "PAUSED", "Stop": "FINISHED", "Cancel": "CANCELED"},
    "PAUSED": {"Resume": "RUNNING", "Stop": "FINISHED", "Cancel": "CANCELED"},
    "FINISHED": {"Resume": "RUNNING", "Cancel": "CANCELED"},
    "CANCELED": {"Resume": "RUNNING"},
}
_HINTS = {
    "Pause": "Start no new runs. The agents wait.",
    "Resume": "Start new runs again.",
    "Stop": "Start no new runs. The current runs continue to their end.",
    "Cancel": "Stop the sweep and its runs at once.",
}


def actions(sweep: Sweep) -> dict[str, str]:
    """The buttons that fit a sweep, and the state that each sets. One that starts no more runs is not resumed."""
    return {text: state for text, state in ACTIONS[sweep.row["state"]].items() if text != "Resume" or not sweep.ended}


def heading(sweep: Sweep) -> list[Component]:
    """Title, state, and the buttons that fit the state."""
    state = sweep.row["state"]
    buttons: list[Component] = [
        html.Button(
            text,
            id={"type": "sweep-set", "state": target},
            className="quiet" if text != "Resume" else "",
            title=_HINTS[text],
        )
        for text, target in actions(sweep).items()
    ]
    if sweep.ended:
        buttons.insert(0, html.Span(f"The sweep starts no more runs: {sweep.ended}.", className="soft"))
    badge = html.Span(state_text(sweep), className=f"badge {state}", id="sweep-state")
    return [html.H1(sweep.title, id="sweep-title"), badge, html.Div(buttons, className="sweep-buttons")]


def state_text(sweep: Sweep) -> str:
    """The state as the heading shows it."""
    return str(sweep.row["state"]).lower()


def facts(context: Context, sweep: Sweep, params: Mapping[str, str]) -> list[Component]:
    """The most important facts."""
    best = next(iter(sweep.ranked()), None)
    alive, every = agents(context, sweep.row["id"])
    goal = f"{'maximize' if sweep.maximize else 'minimize'} {sweep.metric}" if sweep.metric else "none"
    shown: dict[str, Any] = {
        "Method": sweep.config["method"],
        "Metric": goal,
        "Runs": f"{len(sweep.runs)} of {sweep.expected}" if sweep.expected else str(len(sweep.runs)),
        "States": _counted(sweep.runs) or "no run yet",
        "Agents": f"{alive} active, {every} in total" if every else "none yet",
        "Best": "none yet" if best is None else _best(best, params),
    }
    return [html.Div([html.Dt(name), html.Dd(value)]) for name, value in shown.items()]


def _best(best: SweepRun, params: Mapping[str, str]) -> list[Any]:
    link = dcc.Link(best.title, href=address(params["entity"], params["project"], "runs", best.name))
    return [html.Strong(f"{best.metric:.5g}"), " by ", link]


def _counted(runs: Sequence[SweepRun]) -> str:
    states = [run.state for run in runs]
    return ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(sorted(states)))


def importance_table(found: Sequence[Importance], metric: str) -> Component:
    """Bars for importance and for correlation."""
    if not found:
        text = "This is shown when some runs have ended with different values of the metric and of a parameter."
        return html.P(text if metric else "The sweep has no metric.", className="soft")
    head = html.Thead(html.Tr([html.Th(text, scope="col") for text in ("Parameter", "Importance", "Correlation")]))
    return html.Table([head, html.Tbody([_importance_row(entry) for entry in found])], className="sweep-importance")


def _importance_row(entry: Importance) -> Component:
    kind = "up" if entry.correlation >= 0 else "down"
    bar = html.Span(className=f"sweep-bar {kind}", style={"--share": f"{abs(entry.correlation):.3f}"})
    value = None if entry.value is None else html.Span(f" = {entry.value}", className="soft")
    chance = None if entry.stands_out else html.Span(" · not distinguishable from chance", className="soft")
    return html.Tr(
        [
            html.Th([entry.name, value, chance], scope="row"),
            html.Td(
                [
                    html.Span(className="sweep-bar", style={"--share": f"{entry.importance:.3f}"}),
                    f"{entry.importance:.2f}",
                ]
            ),
            html.Td([html.Span(bar, className="sweep-signed"), f"{entry.correlation:+.2f}"]),
        ]
    )


def run_columns(sweep: Sweep) -> list[dict[str, Any]]:
    """The columns of the grid of runs."""
    best_first = {"sort": "desc" if sweep.maximize else "asc"}
    columns = [link_column("title", "Run", pinned="left", minWidth=170), {"field": "state", "headerName": "State"}]
    if sweep.metric:
        columns.append(number_column("metric", sweep.metric, headerTooltip=sweep.metric, **best_first))
    for p in sweep.parameters:
        values = [run.values.get(p.name) for run in sweep.runs] or [""]  # before the first run: of any kind
        columns.append(value_column(f"value {p.name}", p.name, values, flex=1, minWidth=120))
    return [
        *columns,
        number_column("steps", "Rows", width=110),
        number_column("seconds", "Seconds", width=110),
        time_column("started", "Started"),
    ]


def run_rows(runs: Sequence[SweepRun], params: Mapping[str, str]) -> list[dict[str, Any]]:
    """The rows of the grid of runs."""
    return [_run_row(run, params) for run in runs]


def _run_row(run: SweepRun, params: Mapping[str, str]) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": run.name,
        "title": run.title,
        "href": address(params["entity"], params["project"], "runs", run.name),
        "state": run.state,
        "metric": run.metric,
        "steps": run.steps,
        "seconds": round(run.seconds),
        "shown": {},
    }
    for name, value in run.values.items():
        put(row, f"value {name}", value)
    put_time(row, "started", run.started)
    return row
