"""Offline runs in pieces: killed and resumed, imported while they ran, without the files of their artifacts."""

import hashlib
import json
import os
import shutil

import pytest

from tests.wandb_local.test_import import command, records, stored
from wandb_local.offline import found
from wandb_local.offline.found import find_logs
from wandb_local.offline.log import read_log, read_records, write_log

KILLED = """
import os, signal, sys, time, wandb
first, rows, killed = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "killed"
with wandb.init(project="off", mode="offline", id="cut", resume="allow") as run:
    for row in range(first, first + rows):
        run.log({"row": row, **{f"value/{number}": row for number in range(20)}})
    if killed:
        time.sleep(1)  # the client's service writes behind
        os.kill(os.getpid(), signal.SIGKILL)
time.sleep(1 - time.time() % 1)  # the client names its folders by the second
"""
AGAIN = """
import time, wandb
for attempt in range(2):  # without resuming: the second one replaces the first one
    with wandb.init(project="off", mode="offline", id="again") as run:
        for step in range(3 + attempt):
            run.log({"row": step})
    time.sleep(1 - time.time() % 1)
"""
LOGGED = """
import wandb
with wandb.init(project="off", mode="offline", id="lost", resume="allow") as run:
    for name in ("moved", "stays"):
        artifact = wandb.Artifact(name, "dataset")
        artifact.add_dir(name, policy="immutable", skip_cache=True)
        run.log_artifact(artifact)
    run.log({"row": 1})
"""


@pytest.fixture(scope="module")
def tracked(tmp_path_factory):
    """A folder in which the client has left one run of 60 rows."""
    home = tmp_path_factory.mktemp("parts")
    command(home, 0, 60, "finished", code=KILLED, WANDB_SILENT="true")
    return home


@pytest.fixture
def home(tracked, tmp_path):
    """A copy of that folder for one test."""
    shutil.copytree(tracked / "wandb", tmp_path / "wandb", symlinks=True)
    return tmp_path


def imported(home, *paths, code=0):
    """What an import prints on stdout and on stderr."""
    done = command(home, "import", "--data", "data", *paths)
    assert done.returncode == code, done.stderr
    return done.stdout.splitlines(), done.stderr.splitlines()


def rows(home):
    lines = records(home / "data", "SELECT line FROM history ORDER BY number")
    return [json.loads(line)["row"] for (line,) in lines]


@pytest.mark.soak
def test_a_run_that_was_killed_and_resumed_comes_with_each_row_once(tmp_path):
    for first, count, end in ((0, 60, "killed"), (60, 1, "killed"), (100, 3, "finished")):
        command(tmp_path, first, count, end, code=KILLED, WANDB_SILENT="true")
    logs = sorted((tmp_path / "wandb").glob("offline-run-*/*.wandb"))
    for log, size in zip(logs, (32768, 7), strict=False):  # a kill leaves whole blocks, or the header
        assert log.stat().st_size >= size
        os.truncate(log, size)
    sound = read_log(logs[0])
    said, complaints = imported(tmp_path, ".")
    assert said == ["imported local/off/cut"]
    assert len(complaints) == 2
    assert f"note: {logs[0]}: the file ends in the middle of a record".replace(f"{tmp_path}/", "") in complaints[0]
    assert f"{logs[1]}: the file has no run; the script ended".replace(f"{tmp_path}/", "") in complaints[1]
    found = rows(tmp_path)
    assert found == [*range(len(found) - 3), 100, 101, 102]
    assert len(found) > 10
    assert records(tmp_path / "data", "SELECT state FROM runs") == [("finished",)]
    write_log(logs[0], read_records_of(sound))  # as if it had been repaired since
    assert imported(tmp_path, ".")[0] == ["local/off/cut was already imported"]
    assert rows(tmp_path) == found


def read_records_of(log):
    return [record for _, record in zip(range(log.count), read_records(log.path), strict=False)]


@pytest.mark.soak
def test_a_run_that_was_imported_while_it_ran_gets_the_rest_later(home):
    (log,) = home.glob("wandb/offline-run-*/*.wandb")
    whole = log.read_bytes()
    for size in (32768, len(whole), len(whole)):
        log.write_bytes(whole[:size])
        imported(home, "wandb")
    steps = [step for _, step in stored(home / "data")]
    assert rows(home) == steps == list(range(60))
    (memory,) = (home / "data" / "imported").iterdir()  # earlier versions remembered the MD5 of whole files
    memory.rename(memory.with_name(hashlib.md5(whole).hexdigest()))
    assert imported(home, "wandb") == (["local/off/cut was already imported"], [])
    assert rows(home) == steps
    assert records(home / "data", "SELECT state FROM runs") == [("finished",)]


@pytest.mark.soak
def test_of_a_run_that_started_again_without_resuming_only_the_last_start_counts(tmp_path):
    command(tmp_path, code=AGAIN, WANDB_SILENT="true")
    for said in ("imported local/off/again", "local/off/again was already imported"):
        assert imported(tmp_path, "wandb") == ([said], [])
        assert rows(tmp_path) == [0, 1, 2, 3]


@pytest.mark.soak
def test_an_artifact_whose_files_have_moved_is_named_and_imported_when_they_are_back(tmp_path):
    for name in ("moved", "stays"):
        (tmp_path / name).mkdir()
        for number in range(3):
            (tmp_path / name / f"{number}.txt").write_text(f"{name} {number}")
    command(tmp_path, code=LOGGED, WANDB_SILENT="true")
    (tmp_path / "moved").rename(tmp_path / "elsewhere")
    for verb in ("imported {}", "{} was already imported"):
        said, (complaint,) = imported(tmp_path, "wandb", code=2)
        assert said == [verb.format("local/off/lost")]
        assert f"artifact moved (dataset) was not imported, because {tmp_path}/moved/" in complaint
        assert complaint.endswith(
            " and 2 more of its files were changed or removed after it was logged; put them back and import again"
        )
        assert committed(tmp_path) == ["stays"]
    (tmp_path / "elsewhere").rename(tmp_path / "moved")
    (tmp_path / "moved" / "1.txt").rename(tmp_path / "1.txt")
    _, (complaint,) = imported(tmp_path, "wandb", code=2)
    assert complaint.endswith("moved/1.txt was changed or removed after it was logged; put it back and import again")
    (tmp_path / "1.txt").rename(tmp_path / "moved" / "1.txt")
    for verb in ("imported {}", "{} was already imported"):
        assert imported(tmp_path, "wandb") == ([verb.format("local/off/lost")], [])
        assert committed(tmp_path) == ["moved", "stays"]
        assert rows(tmp_path) == [1]
        assert records(tmp_path / "data", "SELECT state FROM runs") == [("finished",)]


def committed(home):
    sql = "SELECT c.name FROM artifacts a JOIN collections c ON c.id = a.collection_id WHERE a.state = 'COMMITTED'"
    return sorted(name for (name,) in records(home / "data", sql))


ABOVE = [".", "runs", "runs/20260101-000000-ab", "runs/20260101-000000-ab/wandb"]


@pytest.mark.soak
def test_runs_are_found_below_any_folder(home, monkeypatch):
    place = home / "runs" / "20260101-000000-ab"
    place.mkdir(parents=True)
    shutil.copytree(home / "wandb", home / ".hidden" / "wandb", symlinks=True)
    (home / "wandb").rename(place / "wandb")
    (log,) = place.glob("wandb/offline-run-*/*.wandb")
    assert [find_logs([home / above]) for above in ABOVE] == [[log]] * 4
    assert find_logs([home, log.parent, log]) == [log]
    assert imported(home, "runs") == (["imported local/off/cut"], [])
    monkeypatch.setattr(found, "_FOLDERS", 2)
    with pytest.raises(ValueError, match="more than 2 folders below it; give a folder nearer"):
        find_logs([home])


def test_a_log_is_written_as_the_client_writes_it(home):
    (log,) = home.glob("wandb/offline-run-*/*.wandb")
    write_log(home / "copy", read_records(log))
    assert (home / "copy").read_bytes() == log.read_bytes()
    sizes = [0, 1, *range(32700, 32800), 100_000, 65536 - 14]
    write_log(home / "copy", [os.urandom(size) for size in sizes])
    assert [len(record) for record in read_records(home / "copy")] == sizes
