"""The answer to an agent's heartbeat: start a run, stop a run, exit, or nothing."""

import json
import threading
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from wandb_local import jsons
from wandb_local.context import Context
from wandb_local.errors import ClientError
from wandb_local.records import handed_out
from wandb_local.records.agents import need_agent
from wandb_local.records.states import UNDER_WAY, state
from wandb_local.records.sweeps import finish, need_sweep, parse_config
from wandb_local.records.trials import MARKS, TrialReader, marks_of, sweep_runs
from wandb_local.search import Search, stop_early
from wandb_local.store.database import Row


class Dispatcher:
    """Answers heartbeats, one at a time for each sweep, so that two agents never get the same run."""

    def __init__(self) -> None:
        self._locks: dict[int, threading.Lock] = defaultdict(threading.Lock)
        self._locks_guard = threading.Lock()
        self.reader = TrialReader()
        self._judged: dict[int, int] = {}

    def heartbeat(self, context: Context, given: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The commands for an agent, which reports its running runs (``runState``, JSON that maps run names to true).

        Raises:
            NotFoundError: the agent or its sweep has been deleted; the agent then exits.
            ClientError: the message is not a heartbeat.
        """
        agent = need_agent(context, given.get("id"))
        running = _running(given.get("runState"))
        with self._lock_of(agent["sweep_id"]):
            handed_out.note_running(context, agent, running)
            sweep = need_sweep(context, agent["sweep_id"])
            if sweep["state"] == "CANCELED":
                handed_out.kill_all(context, agent)
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
        names = handed_out.stopped_names(context.db, agent["id"])
        return [{"type": "stop", "run_id": name} for name in names if name in running]

    def _judge(self, context: Context, sweep: Row) -> None:
        """Mark the runs that early termination stops, if anything has changed since the last check."""
        runs = sweep_runs(context, sweep["id"], MARKS)
        seen = hash((sweep["config"], *((run["id"], state(run), *marks_of(run)) for run in runs)))
        if self._judged.get(sweep["id"]) == seen:
            return
        config = parse_config(sweep["config"])
        chosen = stop_early(config, self.reader.trials(context, config, runs))
        with context.db.write() as connection:
            for index in chosen:
                handed_out.mark_stopped(connection, runs[index]["id"])
        self._judged[sweep["id"]] = seen

    def _next_run(self, context: Context, sweep: Row, agent: Row) -> list[dict[str, Any]]:
        config = parse_config(sweep["config"])
        offered = handed_out.offered_before(context, agent)
        if offered is not None:
            return [_command(config, offered["name"], json.loads(offered["sweep_args"]))]
        waiting = handed_out.take_preempted(context, sweep, agent)
        if waiting is not None:
            return [_command(config, waiting["name"], json.loads(waiting["sweep_args"]), "resume")]
        runs = sweep_runs(context, sweep["id"], MARKS)
        suggested = Search(config, sweep["seed"]).suggest(self.reader.trials(context, config, runs))
        with context.db.write() as connection:
            if suggested is None:
                if not any(state(run) in UNDER_WAY for run in runs):
                    finish(connection, sweep["id"])
                return [{"type": "exit"}]
            return [_command(config, handed_out.make_run(connection, sweep, agent, suggested), suggested)]

    def note_end_of_run(self, context: Context, sweep_id: int) -> None:
        """Finish the sweep if the run that has ended was its last one."""
        sweep = need_sweep(context, sweep_id)
        runs = sweep_runs(context, sweep_id, MARKS)
        if sweep["state"] != "RUNNING" or any(state(run) in UNDER_WAY for run in runs):
            return
        config = parse_config(sweep["config"])
        search, trials = Search(config, sweep["seed"]), self.reader.trials(context, config, runs)
        if search.ended(trials) or (config["method"] == "grid" and search.suggest(trials) is None):
            with context.db.write() as connection:
                finish(connection, sweep_id)


def _running(text: Any) -> set[str]:
    try:
        reported = jsons.loads(text) if text else {}
    except (ValueError, TypeError, RecursionError):
        reported = None
    if not isinstance(reported, dict):
        raise ClientError("runState: give a JSON object that maps run names to true")
    return {name for name, is_running in reported.items() if is_running}


def _command(config: Mapping[str, Any], name: str, args: Mapping[str, Any], kind: str = "run") -> dict[str, Any]:
    wrapped = {key: {"value": value} for key, value in args.items()}
    return {"type": kind, "run_id": name, "program": config.get("program"), "args": wrapped}
