"""Sweep and agent fields, and their mutations."""

from typing import Any

from wandb_local import inputs, jsons
from wandb_local.clock import CLOCK
from wandb_local.context import Context
from wandb_local.names import from_id, to_id
from wandb_local.protocol.graphql.common import column, connection, constant, identity, moment, pages
from wandb_local.protocol.graphql.executor import Arguments, Fields, Node
from wandb_local.protocol.graphql.public import list_runs
from wandb_local.records import agents
from wandb_local.records import sweeps as records
from wandb_local.records.keyset import OF_AGENT, OF_SWEEP, PRIOR_TO_SWEEP
from wandb_local.records.projects import project_by_id
from wandb_local.records.trials import MARKS, best_metric, sweep_runs
from wandb_local.store.database import Row

_AGENT_LOST_AFTER = 60.0  # seconds; agents beat every 5


def _config(row: Row) -> dict[str, Any]:
    return records.parse_config(row["config"])


def _best(context: Context, row: Row, _: Arguments) -> float | None:
    config = _config(row)
    return best_metric(config, context.dispatcher.reader.trials(context, config, sweep_runs(context, row["id"], MARKS)))


def _display_name(_: Context, row: Row, __: Arguments) -> Any:
    return row["display_name"] or _config(row).get("name")


def _runs(context: Context, row: Row, arguments: Arguments) -> dict[str, Any]:
    return list_runs(context, OF_SWEEP, row["id"], arguments)


def _prior_runs(context: Context, row: Row, arguments: Arguments) -> dict[str, Any]:
    return list_runs(context, PRIOR_TO_SWEEP, row["id"], arguments)


def _run_count(context: Context, row: Row, _: Arguments) -> Any:
    return records.count_runs(context.db, row["id"])


def _project(context: Context, row: Row, _: Arguments) -> Node:
    return Node("Project", project_by_id(context.db, row["project_id"]))


def _agents(context: Context, row: Row, arguments: Arguments) -> dict[str, Any]:
    rows = agents.agents_of(context.db, row["id"])
    return connection([{"node": Node("Agent", agent)} for agent in rows], {}, len(rows))


def _agent(context: Context, row: Row, arguments: Arguments) -> Node | None:
    wanted = str(arguments.get("agentName"))
    for agent in agents.agents_of(context.db, row["id"]):
        if wanted in (agent["name"], to_id("Agent", agent["id"])):
            return Node("Agent", agent)
    return None


SWEEP: Fields = {
    "id": identity("Sweep"),
    "name": column("name"),
    "displayName": _display_name,
    "description": column("description"),
    "state": column("state"),
    "config": column("config"),
    "method": lambda _c, row, _a: _config(row)["method"],
    "bestLoss": _best,
    "createdAt": moment("created_at"),
    "updatedAt": moment("updated_at"),
    "heartbeatAt": moment("heartbeat_at"),
    "earlyStopJobRunning": constant(False),
    "controller": constant(None),
    "scheduler": constant(None),
    "controllerRunName": constant(None),
    "project": _project,
    "runs": _runs,
    "priorRuns": _prior_runs,
    "runCount": _run_count,
    "runCountExpected": lambda _c, row, _a: records.expected_runs(_config(row)),
    "agents": _agents,
    "agent": _agent,
}

AGENT: Fields = {
    "id": identity("Agent"),
    "name": column("name"),
    "host": column("host"),
    "state": lambda _c, row, _a: "RUNNING" if CLOCK.now() - row["heartbeat_at"] < _AGENT_LOST_AFTER else "FINISHED",
    "totalRuns": lambda c, row, _a: agents.count_runs(c.db, row["id"]),
    "createdAt": moment("created_at"),
    "heartbeatAt": moment("heartbeat_at"),
    "runs": lambda c, row, arguments: list_runs(c, OF_AGENT, row["id"], arguments),
}


def _sweep(context: Context, row: Row, arguments: Arguments) -> Node | None:
    found = records.find_sweep(context, row["id"], arguments.get("sweepName"))
    return None if found is None else Node("Sweep", found)


def _sweeps(context: Context, row: Row, arguments: Arguments) -> dict[str, Any]:
    found = records.sweeps_of(row["id"], inputs.text(arguments, "filters"), inputs.text(arguments, "order"))
    return pages(context, "Sweep", found, arguments, counted=False)


PROJECT_SWEEPS: Fields = {
    "sweep": _sweep,
    "sweeps": _sweeps,
    "totalSweeps": lambda c, row, _a: records.sweeps_of(row["id"]).count(c.db),
}


def _upsert_sweep(context: Context, _: Any, arguments: Arguments) -> dict[str, Any]:
    sweep = records.need_sweep(context, records.upsert(context, arguments["input"]))
    return {"sweep": Node("Sweep", sweep), "configValidationWarnings": []}


def _create_agent(context: Context, _: Any, arguments: Arguments) -> dict[str, Any]:
    return {"agent": Node("Agent", agents.make_agent(context, arguments["input"]))}


def _heartbeat(context: Context, _: Any, arguments: Arguments) -> dict[str, Any]:
    commands = context.dispatcher.heartbeat(context, arguments["input"])
    agent_id = from_id("Agent", arguments["input"]["id"])
    return {"agent": {"id": to_id("Agent", agent_id)}, "commands": jsons.dumps(commands)}


SWEEP_MUTATIONS: Fields = {
    "upsertSweep": _upsert_sweep,
    "createAgent": _create_agent,
    "agentHeartbeat": _heartbeat,
}
