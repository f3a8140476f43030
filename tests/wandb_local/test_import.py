"""``python -m wandb_local import``: runs that the real client tracked offline come into a data folder, once."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys

import pytest

from tests.wandb_local.process import ROOT, Server
from wandb_local.offline.log import DamagedLogError, read_log

SCRIPT = """
import sys, wandb
for part in range(2):  # the second part goes on where the first one ended
    with wandb.init(project="off", mode="offline", id="parts", resume="allow") as run:
        for step in range(3):
            run.log({"loss": step + 10 * part})
with wandb.init(project="off", mode="offline", id="whole", config={"lr": 0.5}) as run:
    artifact = wandb.Artifact("data", "dataset")
    with artifact.new_file("a.txt") as file:
        file.write("offline")
    run.log_artifact(artifact)
    run.log({"table": wandb.Table(columns=["a"], data=[[1], [2]])})
"""


def command(home, *arguments, code="", **variables):
    """Python in a new process whose wandb client keeps everything under ``home``; answers the process."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("WANDB_")}
    places = {f"WANDB_{name}_DIR": str(home / name) for name in ("CACHE", "CONFIG", "DATA", "ARTIFACT")}
    environment = {**inherited, **places, "HOME": str(home), "PYTHONPATH": str(ROOT), "WANDB_ERROR_REPORTING": "false"}
    given = ["-c", code] if code else ["-m", "wandb_local"]
    return subprocess.run(
        [sys.executable, *given, *map(str, arguments)],
        env={**environment, **variables},
        cwd=home,
        timeout=200,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def tracked(tmp_path_factory):
    """A folder in which the client has left three offline folders of two runs; ``wandb/`` must stay as it is."""
    home = tmp_path_factory.mktemp("offline")
    done = command(home, code=SCRIPT, WANDB_SILENT="true")
    assert done.returncode == 0, done.stderr
    return home


@pytest.fixture
def home(tracked, tmp_path):
    """A copy of that folder for one test, with the data that its artifacts lie in."""
    shutil.copytree(tracked / "wandb", tmp_path / "wandb", symlinks=True)
    return tmp_path


def records(data, sql):
    with contextlib.closing(sqlite3.connect(data / "records.sqlite3")) as database:
        return database.execute(sql).fetchall()


def stored(data):
    rows = records(data, "SELECT name, step, line FROM history JOIN runs ON runs.id = run_id ORDER BY name, number")
    return [(name, step) for name, step, _ in rows]


def log_of(home, run):
    return next(home.glob(f"wandb/offline-run-*-{run}/*.wandb"))


EVERYTHING = [("parts", step) for step in range(6)] + [("whole", 0)]


@pytest.mark.soak
def test_offline_runs_come_in_once_without_a_server(home):
    before = sorted((home / "wandb").rglob("*"))
    done = command(home, "import", "--data", "data", "wandb", WANDB_MODE="offline", WANDB_PROJECT="elsewhere")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["imported local/off/parts", "imported local/off/whole"]
    assert stored(home / "data") == EVERYTHING
    assert records(home / "data", "SELECT DISTINCT state FROM runs") == [("finished",)]
    assert records(home / "data", "SELECT path FROM artifact_files WHERE path = 'a.txt'") == [("a.txt",)]
    assert sorted((home / "wandb").rglob("*")) == before
    done = command(home, "import", "--data", "data", *home.glob("wandb/offline-run-*"))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [f"local/off/{name} was already imported" for name in ("parts", "whole")]
    assert stored(home / "data") == EVERYTHING
    assert records(home / "data", "SELECT count(*) FROM artifacts WHERE state = 'COMMITTED'") == [(2,)]


@pytest.mark.soak
def test_a_running_server_is_used_and_a_deleted_run_comes_back(home):
    with Server(home) as server:
        assert command(home, "import", "--data", server.data, home).returncode == 0
        query = '{project(name:"off"){run(name:"whole"){id}}}'
        run_id = server.graphql(query)["project"]["run"]["id"]
        server.graphql("mutation($i:ID!){deleteRun(input:{id:$i}){success}}", i=run_id)
        done = command(home, "import", "--data", server.data, log_of(home, "whole"))
        assert done.stdout == "imported local/off/whole\n"
        assert server.graphql(query)["project"]["run"]["id"] != run_id
        assert stored(server.data) == EVERYTHING


@pytest.mark.soak
def test_what_is_readable_of_a_broken_file_comes_in_and_the_rest_is_named(home):
    log, garbage = log_of(home, "whole"), home / "wandb" / "offline-run-20260101_000000-no" / "run-no.wandb"
    garbage.parent.mkdir()
    garbage.write_text("not a log")
    with log.open("r+b") as file:
        file.seek(-100, os.SEEK_END)
        file.write(b"\xff" * 10)
    done = command(home, "import", "--data", "data", log.parent, garbage.parent)
    assert (done.returncode, done.stdout) == (2, "imported local/off/whole\n")
    complaints = done.stderr.splitlines()
    assert len(complaints) == 2
    assert f"{log}: the file is damaged at byte" in complaints[0] + complaints[1]
    assert f"{garbage}: this is not a .wandb file" in complaints[0] + complaints[1]
    assert ("whole",) in records(home / "data", "SELECT name FROM runs")


@pytest.mark.soak
def test_a_killed_script_is_no_error(home):
    log = log_of(home, "whole")
    os.truncate(log, log.stat().st_size - 10)
    done = command(home, "import", "--data", "data", log)
    assert (done.returncode, done.stdout) == (0, "imported local/off/whole\n")
    assert "note:" in done.stderr
    assert "ends in the middle of a record" in done.stderr


@pytest.mark.parametrize("path", ["empty", "missing"])
def test_a_folder_without_runs_is_an_error(tmp_path, path):
    (tmp_path / "empty").mkdir()
    done = command(tmp_path, "import", "--data", "data", path)
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {path}: no offline run was found; give wandb/offline-run-")


def test_without_the_client_the_error_says_what_to_install(home):
    code = "import sys; sys.modules['wandb'] = None; from wandb_local.__main__ import main; sys.exit(main())"
    done = command(home, "import", "--data", "data", "wandb", code=code)
    assert (done.returncode, done.stderr) == (
        2,
        "error: the import needs the wandb client; run `pip install wandb`\n",
    )


def test_every_cut_of_a_file_is_told_from_a_whole_one(home):
    log = log_of(home, "whole")
    whole = log.read_bytes()
    assert read_log(log).flaw is None
    for size in range(7, len(whole), 97):
        log.write_bytes(whole[:size])
        try:
            found = read_log(log)
        except DamagedLogError as error:
            assert size < 2000, error  # only before the run's record
            continue
        assert found.run == "local/off/whole"
        assert not found.damaged
        assert found.flaw is None or found.flaw.startswith("ends in the middle of a record, at byte ")


def test_every_changed_byte_is_found(home):
    log = log_of(home, "whole")
    whole = log.read_bytes()
    for place in range(1200, len(whole), 131):
        log.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        assert read_log(log).flaw is not None
