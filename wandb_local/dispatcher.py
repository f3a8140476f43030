"""What an agent is told at its heartbeat: start a run, stop one, leave, or nothing."""

import json
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from wandb_local import jsons
from wandb_local.clock import now
from wandb_local.context import Context
from wandb_local.errors import ClientError
from wandb_local.names import new_name
from wandb_local.records.agents import need_agent
from wandb_local.records.searchable import RUNS
from wandb_local.records.states import UNDER_WAY, state
from wandb_local.records.sweeps import need_sweep, parse_config
from wandb_local.records.trials import MARKS, TrialReader, marks_of, sweep_runs
from wandb_local.search import Search, stop_early
from wandb_local.store.database import Row

STOPPED_BY_AGENT = 2  # in runs.stopped: the agent was told to end the process; 1 is the user's stop button


class Dispatcher:
    """Answers heartbeats. Of two agents that ask at once, the second sees the run that the first was given."""

    def __init__(self) -> None:
        self._locks: dict[int, threading.Lock] = defaultdict(threading.Lock)
        self._locks_guard = threading.Lock()
        self.reader = TrialReader()
        self._judged: dict[int, int] = {}

    def heartbeat(self, context: Context, given: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The commands for an agent which says what it is running (``runState``, JSON of run name to true).

        Raises:
            NotFoundError: the agent or its sweep has been deleted; the agent then leaves.
            ClientError: not a heartbeat.
        """
        agent = need_agent(context, given.get("id"))
        running = _running(given.get("runState"))
        with self._lock_of(agent["sweep_id"]):
            _note(context, agent, running)
            sweep = need_sweep(context, agent["sweep_id"])
            if sweep["state"] == "CANCELED":
                _kill_all(context, agent)
                return [{"type": "exit"}]
            stops = self._stops(context, sweep, agent, running)
            if stops or sweep["state"] == "PAUSED" or running:
                return stops
            if sweep["state"] == "FINISHED":
                return [{"type": "exit"}]
            return self._next_run(context, sweep, agent)

    def _lock_of(self, sweep_id: int) -> threading.Lock:
        with self._locks_guard:
            return self._locks[sweep_id]

    def _stops(self, context: Context, sweep: Row, agent: Row, running: set[str]) -> list[dict[str, Any]]:
        if running and "early_terminate" in sweep["config"]:
            self._judge(context, sweep)
        sql = "SELECT name FROM runs WHERE agent_id = ? AND stopped = ?"
        names = [row["name"] for row in context.db.rows(sql, (agent["id"], STOPPED_BY_AGENT))]
        return [{"type": "stop", "run_id": name} for name in names if name in running]

    def _judge(self, context: Context, sweep: Row) -> None:
        """Mark the runs that the rule stops, if anything has changed since it was applied."""
        runs = sweep_runs(context, sweep["id"], MARKS)
        seen = hash((sweep["config"], *((run["id"], state(run), *marks_of(run)) for run in runs)))
        if self._judged.get(sweep["id"]) == seen:
            return
        config = parse_config(sweep["config"])
        chosen = stop_early(config, self.reader.trials(context, config, runs))
        with context.db.write() as connection:
            for index in chosen:
                sql = "UPDATE runs SET stopped = ? WHERE id = ? AND stopped = 0"
                connection.execute(sql, (STOPPED_BY_AGENT, runs[index]["id"]))
        self._judged[sweep["id"]] = seen

    def _next_run(self, context: Context, sweep: Row, agent: Row) -> list[dict[str, Any]]:
        config = parse_config(sweep["config"])
        offered = self._offered_before(context, agent)
        if offered is not None:
            return [_command(config, offered["name"], json.loads(offered["sweep_args"]))]
        waiting = self._preempted(context, sweep, agent)
        if waiting is not None:
            return [_command(config, waiting["name"], json.loads(waiting["sweep_args"]), "resume")]
        runs = sweep_runs(context, sweep["id"], MARKS)
        suggested = Search(config, sweep["seed"]).suggest(self.reader.trials(context, config, runs))
        with context.db.write() as connection:
            if suggested is None:
                if not any(state(run) in UNDER_WAY for run in runs):
                    finish(connection, sweep["id"])
                return [{"type": "exit"}]
            return [_command(config, _make_run(connection, sweep, agent, suggested), suggested)]

    def _offered_before(self, context: Context, agent: Row) -> Row | None:
        """A run that the agent was given and never reported: perhaps the answer was lost, so it is offered once more.
        If it does not start then either, its script ends at once, and it has failed."""
        with context.db.write() as connection:
            unstarted = "WHERE agent_id = ? AND state = 'pending'"
            sql = f"UPDATE runs SET state = 'failed', updated_at = ? {unstarted} AND offers > 1"
            connection.execute(sql, (now(), agent["id"]))
            connection.execute(f"UPDATE runs SET offers = offers + 1 {unstarted}", (agent["id"],))
            return context.db.row("SELECT * FROM runs WHERE agent_id = ? AND state = 'pending'", (agent["id"],))

    def _preempted(self, context: Context, sweep: Row, agent: Row) -> Row | None:
        """The oldest preempted run of the sweep, which is this agent's from now on (W&B's rule: these come first)."""
        with context.db.write() as connection:
            sql = f"SELECT * FROM runs WHERE sweep_id = ? AND {RUNS.fields['state']} = 'preempted'"
            found = context.db.row(f"{sql} AND sweep_args IS NOT NULL ORDER BY id LIMIT 1", (sweep["id"],))
            if found is not None:
                connection.execute(
                    "UPDATE runs SET state = 'pending', agent_id = ?, offers = 1, exitcode = NULL, updated_at = ?"
                    " WHERE id = ?",
                    (agent["id"], now(), found["id"]),
                )
            return found

    def note_end_of_run(self, context: Context, sweep_id: int) -> None:
        """After a run has ended: if it was the last that the sweep was to have, the sweep is finished."""
        sweep = need_sweep(context, sweep_id)
        runs = sweep_runs(context, sweep_id, MARKS)
        if sweep["state"] != "RUNNING" or any(state(run) in UNDER_WAY for run in runs):
            return
        config = parse_config(sweep["config"])
        search, trials = Search(config, sweep["seed"]), self.reader.trials(context, config, runs)
        if search.ended(trials) or (config["method"] == "grid" and search.suggest(trials) is None):
            with context.db.write() as connection:
                finish(connection, sweep_id)


def finish(connection: sqlite3.Connection, sweep_id: int) -> None:
    """Let no more runs start."""
    values = (now(), sweep_id)
    connection.execute(
        "UPDATE sweeps SET state = 'FINISHED', updated_at = ? WHERE id = ? AND state = 'RUNNING'", values
    )


def _running(text: Any) -> set[str]:
    try:
        reported = jsons.loads(text) if text else {}
    except (ValueError, TypeError, RecursionError):
        reported = None
    if not isinstance(reported, dict):
        raise ClientError("runState: give a JSON object of run name to true")
    return {name for name, is_running in reported.items() if is_running}


def _note(context: Context, agent: Row, running: set[str]) -> None:
    """Remember what the agent runs. A run that it ran before and does not run now has ended, even without a word."""
    moment = now()
    with context.db.write() as connection:
        values = (moment, jsons.dumps(sorted(running)), agent["id"])
        connection.execute("UPDATE agents SET heartbeat_at = ?, running = ? WHERE id = ?", values)
        connection.execute("UPDATE sweeps SET heartbeat_at = ? WHERE id = ?", (moment, agent["sweep_id"]))
        for name in set(json.loads(agent["running"])) - running:
            connection.execute(
                "UPDATE runs SET updated_at = ?, state = CASE WHEN stopped != 0 THEN 'killed'"
                " WHEN state = 'pending' THEN 'failed' WHEN state = 'preempting' THEN 'preempted' ELSE 'crashed' END"
                " WHERE agent_id = ? AND name = ? AND state IN ('pending', 'running', 'preempting')",
                (moment, agent["id"], name),
            )


def _kill_all(context: Context, agent: Row) -> None:
    """Note what an agent does that is told to leave now: it kills its processes, and neither they nor it say so."""
    with context.db.write() as connection:
        connection.execute(
            "UPDATE runs SET state = 'killed', stopped = ?, updated_at = ?"
            " WHERE agent_id = ? AND state IN ('pending', 'running', 'preempting')",
            (STOPPED_BY_AGENT, now(), agent["id"]),
        )


def _make_run(connection: sqlite3.Connection, sweep: Row, agent: Row, args: Mapping[str, Any]) -> str:
    number = connection.execute("SELECT count(*) FROM runs WHERE sweep_id = ?", (sweep["id"],)).fetchone()[0] + 1
    moment = now()
    columns = {
        "project_id": sweep["project_id"],
        "name": new_name(),
        "display_name": f"sweep-{sweep['name']}-{number}",
        "state": "pending",
        "config": jsons.dumps({key: {"value": value} for key, value in args.items()}),
        "sweep_id": sweep["id"],
        "agent_id": agent["id"],
        "sweep_args": jsons.dumps(args),
        "offers": 1,
        "created_at": moment,
        "updated_at": moment,
        "heartbeat_at": moment,
    }
    marks = ", ".join("?" * len(columns))
    connection.execute(f"INSERT INTO runs ({', '.join(columns)}) VALUES ({marks})", list(columns.values()))
    return str(columns["name"])


def _command(config: Mapping[str, Any], name: str, args: Mapping[str, Any], kind: str = "run") -> dict[str, Any]:
    wrapped = {key: {"value": value} for key, value in args.items()}
    return {"type": kind, "run_id": name, "program": config.get("program"), "args": wrapped}
