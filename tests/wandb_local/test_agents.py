"""Sweeps from end to end: the real agents of the client, which start real runs, against a real server."""

import math
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
import wandb
from wandb.cli.cli import cli

from tests.wandb_local.process import AGENT, IMPATIENT, ROOT
from wandb_local.search.families import FAMILIES

pytestmark = [
    pytest.mark.usefixtures("server"),
    pytest.mark.filterwarnings("ignore:Read the `app_url` setting:DeprecationWarning"),  # wandb.sweep warns of itself
]

FUNCTION = IMPATIENT + "import json, wandb; sweep, options = sys.argv[1], json.loads(sys.argv[2])\n"


def multiple_of(q, low=-math.inf, high=math.inf):
    return lambda value: low <= value <= high and abs(value / q - round(value / q)) < 1e-9


def between(low, high):
    return lambda value: isinstance(value, float) and low <= value <= high


DISTRIBUTIONS: dict[
    str, tuple[dict[str, Any], Callable[[Any], bool]]
] = {  # every distribution: what the configuration says, what a run may then find in its config
    "constant": ({"value": 3}, lambda value: value == 3),
    "categorical": ({"values": ["a", 2, 1.5]}, lambda value: value in ("a", 2, 1.5)),
    "categorical_w_probabilities": (
        {"distribution": "categorical", "values": ["never", "always"], "probabilities": [0, 1]},
        lambda value: value == "always",
    ),
    "int_uniform": ({"min": 1, "max": 6}, lambda value: isinstance(value, int) and 1 <= value <= 6),
    "uniform": ({"min": 0.0, "max": 1.0}, between(0, 1)),
    "q_uniform": ({"min": 0, "max": 1, "q": 0.25}, multiple_of(0.25, 0, 1)),
    "log_uniform": ({"min": -5, "max": -1}, between(math.exp(-5), math.exp(-1))),
    "log_uniform_values": ({"min": 1e-4, "max": 1e-1}, between(1e-4, 1e-1)),
    "q_log_uniform": ({"min": 1, "max": 4, "q": 2}, multiple_of(2, 2, math.exp(4))),
    "q_log_uniform_values": ({"min": 2, "max": 64, "q": 2}, multiple_of(2, 2, 64)),
    "inv_log_uniform": ({"min": 1, "max": 3}, between(math.exp(-3), math.exp(-1))),
    "inv_log_uniform_values": ({"min": 1e-3, "max": 1e-1}, between(1e-3, 1e-1)),
    "normal": ({"mu": 10, "sigma": 1}, between(1, 19)),
    "q_normal": ({"mu": 10, "sigma": 3, "q": 2}, multiple_of(2, -20, 40)),
    "log_normal": ({"mu": 0, "sigma": 1}, between(math.exp(-9), math.exp(9))),
    "q_log_normal": ({"mu": 3, "sigma": 1, "q": 5}, multiple_of(5, 0, math.exp(12))),
    "beta": ({"a": 2, "b": 5}, between(0, 1)),
    "q_beta": ({"a": 2, "b": 2, "q": 0.1}, multiple_of(0.1, 0, 1)),
}
PARAMETERS: dict[str, Any] = {name: {"distribution": name, **spec} for name, (spec, _) in DISTRIBUTIONS.items()}
PARAMETERS["deep"] = {"parameters": {"deeper": {"parameters": {"n": {"min": 1, "max": 3}}}}}


def make_sweep(project, method, parameters, **keys):
    """Path of a new sweep."""
    metric = {"name": "loss", "goal": "minimize"}
    config = {"program": "train.py", "method": method, "metric": metric, "parameters": parameters} | keys
    return f"local/{project}/{wandb.sweep(config, project=project, entity='local')}"


def finished_runs(path):
    """The runs of a sweep that has come to its end."""
    sweep = wandb.Api().sweep(path)
    assert sweep.state == "FINISHED"
    return list(sweep.runs)


def check_values(config):
    for name, (_, allowed) in DISTRIBUTIONS.items():
        assert allowed(config[name]), (name, config[name])
    assert config["deep"]["deeper"]["n"] in (1, 2, 3)


def test_the_table_has_every_distribution():
    assert set(DISTRIBUTIONS) == set(FAMILIES)


@pytest.mark.soak
def test_every_distribution_reaches_scripts_and_run_cap_ends_the_agent(run_client, project, tmp_path):
    (tmp_path / "train.py").write_text(
        "import sys, wandb\n"
        "with wandb.init() as run:\n"
        "    run.log({'loss': run.config.uniform})\n"
        "    run.summary['argv'] = sys.argv[1:]\n"
    )
    path = make_sweep(project, "random", PARAMETERS, run_cap=2)
    run_client("agent", path, code=AGENT)
    runs = finished_runs(path)
    assert [run.state for run in runs] == ["finished"] * 2
    for run in runs:
        check_values(run.config)
        assert {f"--uniform={run.config['uniform']}", "--constant=3"} <= set(run.summary["argv"])
    assert runs[0].config["uniform"] != runs[1].config["uniform"]


@pytest.mark.soak
def test_every_distribution_reaches_functions_by_bayesian_search(run_client, project):
    path = make_sweep(project, "bayes", PARAMETERS)
    code = "def train():\n    with wandb.init() as run:\n        run.log({'loss': run.config['uniform']})\n"
    run_client(path, '{"count": 6}', code=f"{FUNCTION}{code}wandb.agent(sweep, function=train, **options)")
    runs = list(wandb.Api().sweep(path).runs)
    assert [run.state for run in runs] == ["finished"] * 6
    for run in runs:
        check_values(run.config)
    assert len({str(run.config) for run in runs}) == 6


@pytest.mark.soak
def test_a_target_that_is_reached_ends_the_agent(run_client, project, tmp_path):
    (tmp_path / "train.py").write_text(
        "import pathlib, wandb\n"
        "with wandb.init() as run:\n"
        "    run.log({'loss': 0.3 if pathlib.Path('ran').exists() else 1.0})\n"
        "pathlib.Path('ran').touch()\n"
    )
    metric = {"name": "loss", "goal": "minimize", "target": 0.4}
    path = make_sweep(project, "random", {"x": {"min": 0.0, "max": 1.0}}, metric=metric)
    run_client("agent", path, code=AGENT)
    assert sorted(run.summary["loss"] for run in finished_runs(path)) == [0.3, 1.0]


@pytest.mark.soak
def test_hyperband_ends_a_script_that_does_worse(run_client, project, tmp_path):
    """The second run is bad at the bracket and good later, which a strict rule does not forgive."""
    (tmp_path / "train.py").write_text(
        "import time, wandb\n"
        "with wandb.init(settings=wandb.Settings(x_file_stream_transmit_interval=0.2)) as run:\n"
        "    for value in run.config.losses:\n"
        "        run.log({'loss': value})\n"
        "    time.sleep(60 if len(run.config.losses) > 1 else 0)\n"
    )
    rule = {"type": "hyperband", "max_iter": 3, "s": 1, "eta": 3, "strict": True}  # a bracket at the first value
    path = make_sweep(project, "grid", {"losses": {"values": [[1.0], [2.0, 0.5]]}}, early_terminate=rule)
    run_client("agent", path, code=AGENT)
    assert {len(run.config["losses"]): run.state for run in finished_runs(path)} == {1: "finished", 2: "killed"}


def wait_for(condition, timeout=60):
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def heartbeats(server, project, path):
    """Time of the last heartbeat of each agent, in whole seconds."""
    query = "query($p:String!,$s:String!){project(name:$p){sweep(sweepName:$s){agents{edges{node{heartbeatAt}}}}}}"
    sweep = server.graphql(query, p=project, s=path.rpartition("/")[2])["project"]["sweep"]
    return [edge["node"]["heartbeatAt"] for edge in sweep["agents"]["edges"]]


@pytest.fixture
def start_agent(client_home, tmp_path):
    """Starts an agent that is left to itself; ends it after the test if it has not ended."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("WANDB_")}
    environment = {**inherited, **client_home, "PYTHONPATH": str(ROOT)}
    agents = []

    def start(path):
        command = [sys.executable, "-c", AGENT, "agent", path]
        agents.append(subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL))
        return agents[-1]

    yield start
    for agent in agents:
        agent.kill()
        agent.wait()


def change(path, option):
    """``wandb sweep OPTION PATH``: the real command, in this process."""
    cli.main(["sweep", option, path], standalone_mode=False)


@pytest.mark.soak
def test_an_agent_obeys_pause_resume_stop_and_cancel(start_agent, server, project, tmp_path):
    (tmp_path / "train.py").write_text(
        "import pathlib, time, wandb\n"
        "with wandb.init() as run:\n"
        "    pathlib.Path(f'started-{run.config.n}').touch()\n"
        "    while not pathlib.Path(f'finish-{run.config.n}').exists():\n"
        "        time.sleep(0.05)\n"
    )
    path = make_sweep(project, "grid", {"n": {"values": [1, 2, 3, 4]}})
    agent = start_agent(path)
    wait_for((tmp_path / "started-1").exists)

    change(path, "--pause")
    (tmp_path / "finish-1").touch()
    wait_for(lambda: [run.state for run in wandb.Api().sweep(path).runs] == ["finished"])
    for _ in range(2):
        before = heartbeats(server, project, path)
        wait_for(lambda before=before: heartbeats(server, project, path) != before)
    assert len(wandb.Api().sweep(path).runs) == 1

    change(path, "--resume")
    wait_for((tmp_path / "started-2").exists)
    change(path, "--stop")
    (tmp_path / "finish-2").touch()
    assert agent.wait(60) == 0
    assert [run.state for run in finished_runs(path)] == ["finished"] * 2

    change(path, "--resume")
    agent = start_agent(path)
    wait_for((tmp_path / "started-3").exists)
    change(path, "--cancel")
    assert agent.wait(60) == 0
    sweep = wandb.Api().sweep(path)
    states = {run.config["n"]: run.state for run in sweep.runs}
    assert (sweep.state, states) == ("CANCELED", {1: "finished", 2: "finished", 3: "killed"})
