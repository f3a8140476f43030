"""The clock of the machine leaps: no run and no sweep ends by that. And two servers never share a data folder."""

import json

import pytest

from tests.wandb_local.process import ROOT, Server, run_command
from tests.wandb_local.test_sweeps import heartbeat, make_agent

# No test may set the clock of the machine. In the server, a file says how far its two clocks are from it.
_SHIFTED = """
import pathlib, time
_place, _time, _monotonic = pathlib.Path(PLACE), time.time, time.monotonic
_shift = lambda: [float(text) for text in _place.read_text().split()]
time.time = lambda: _time() + _shift()[0]
time.monotonic = lambda: _monotonic() + _shift()[1]
"""
UPSERT = 'mutation($n:String,$s:String){upsertBucket(input:{modelName:"p",name:$n,host:"h",sweep:$s}){inserted}}'
STATES = '{project(name:"p"){runs{edges{node{name state}}}}}'
CRASHED = '{project(name:"p"){runs(filters:"{\\"state\\": \\"crashed\\"}"){edges{node{name}}}}}'


class ShiftedServer(Server):
    """A server whose clocks a test can move."""

    def __init__(self, folder):
        (folder / "sitecustomize.py").write_text(_SHIFTED.replace("PLACE", repr(str(folder / "shift"))))
        super().__init__(folder, prefix=["env", f"PYTHONPATH={folder}:{ROOT}"])
        self.shift = [0.0, 0.0]
        self.leap(0)

    def leap(self, seconds):
        """What a sleep of the machine does, or somebody who sets the time."""
        self.shift[0] += seconds
        self._write()

    def wait(self, seconds):
        """Time that the server is awake; at least every half minute it looks at the clock, and here by a request."""
        for _ in range(int(seconds // 50)):
            self.shift = [each + 50 for each in self.shift]
            self._write()
            self.ask("/healthz")

    def _write(self):
        temporary = self.folder / "new"
        temporary.write_text(" ".join(map(str, self.shift)))
        temporary.replace(self.folder / "shift")

    def begin(self, name, sweep=None):
        """A run that has sent a row."""
        self.graphql(UPSERT, n=name, s=sweep)
        self.beat(name)

    def beat(self, name):
        """A sign of life."""
        self.ask(f"/files/local/p/{name}/file_stream", b"{}")

    def states(self):
        """By the runs themselves, which has to agree with the filter."""
        nodes = [edge["node"] for edge in self.graphql(STATES)["project"]["runs"]["edges"]]
        crashed = {edge["node"]["name"] for edge in self.graphql(CRASHED)["project"]["runs"]["edges"]}
        assert crashed == {node["name"] for node in nodes if node["state"] == "crashed"}
        return {node["name"]: node["state"] for node in nodes}


@pytest.fixture
def shifted(tmp_path):
    with ShiftedServer(tmp_path) as server:
        yield server


@pytest.mark.parametrize("leap", [600, 30 * 86400, -7200])
def test_no_run_crashes_by_a_leap_and_one_that_stays_silent_does(shifted, leap):
    shifted.begin("dead")
    shifted.wait(400)
    shifted.begin("alive")
    assert shifted.states() == {"dead": "crashed", "alive": "running"}
    shifted.leap(leap)
    assert shifted.states() == {"dead": "crashed", "alive": "running"}
    shifted.wait(200)
    assert shifted.states()["alive"] == "running"
    shifted.beat("alive")
    shifted.wait(200)
    assert shifted.states()["alive"] == "running"
    shifted.wait(200)
    assert shifted.states() == {"dead": "crashed", "alive": "crashed"}


@pytest.mark.parametrize("ended", ["stopped", "killed"])
def test_a_server_that_was_away_does_not_blame_the_runs(shifted, ended):
    shifted.begin("dead")
    shifted.wait(400)
    shifted.begin("alive")
    if ended == "stopped":
        shifted.stop()
    else:
        shifted.kill()
    shifted.leap(3600)
    shifted.start()
    assert shifted.states()["alive"] == "running"
    if ended == "stopped":
        assert shifted.states()["dead"] == "crashed"
    shifted.wait(400)
    assert set(shifted.states().values()) == {"crashed"}


def test_an_agent_that_asks_after_a_sleep_ends_no_sweep(shifted):
    config = json.dumps({"method": "random", "run_cap": 1, "parameters": {"x": {"min": 0.0, "max": 1.0}}})
    query = 'mutation($c:String){upsertSweep(input:{projectName:"p",config:$c}){sweep{id name}}}'
    sweep = shifted.graphql(query, c=config)["upsertSweep"]["sweep"]["name"]
    first, second = (make_agent(shifted, "p", sweep) for _ in range(2))
    (command,) = heartbeat(shifted, first)
    shifted.begin(command["run_id"], sweep)
    shifted.leap(600)
    heartbeat(shifted, second)
    query = '{project(name:"p"){sweep(sweepName:"NAME"){state agents{edges{node{state}}}}}}'.replace("NAME", sweep)
    found = shifted.graphql(query)["project"]["sweep"]
    assert found["state"] == "RUNNING"
    assert [edge["node"]["state"] for edge in found["agents"]["edges"]] == ["RUNNING", "RUNNING"]


def test_a_second_server_is_refused_though_the_lock_file_is_gone(tmp_path):
    with Server(tmp_path) as server:
        half = server.data / "uploads" / "tmp-1"
        half.write_text("what the first server is receiving")
        (server.data / "lock").unlink()
        (server.data / "server.json").unlink()
        done = run_command("serve", "--port", "0", "--data", server.data, check=False)
        assert (done.returncode, "in use by another server" in done.stderr) == (2, True)
        assert half.exists()
