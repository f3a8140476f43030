"""``verify``, ``backup`` and ``restore``: what is stored stays whole, or is named, and comes back."""

import contextlib
import signal
import sqlite3
import subprocess
import sys
import threading

import pytest
import wandb

from tests.client import teardown
from tests.wandb_local.process import ROOT, Server, client_environment


def command(*arguments, data):
    argv = [sys.executable, "-m", "wandb_local", *map(str, arguments), "--data", str(data)]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def filled(tmp_path, monkeypatch):
    """A server that runs, with a run, its file and two versions of an artifact."""
    with Server(tmp_path) as server:
        teardown()
        for name, value in client_environment(server, tmp_path / "home").items():
            monkeypatch.setenv(name, value)
        with wandb.init(project="p", id="r") as run:
            run.log({"loss": 0.5})
            for text in ("one", "two"):
                artifact = wandb.Artifact("data", "dataset")
                with artifact.new_file("a.txt") as file:
                    file.write(text * 10_000)
                run.log_artifact(artifact).wait()
        yield server
        teardown()


def blob_of(folder, text):
    (path,) = (path for path in folder.glob("blobs/??/*") if path.read_bytes() == text.encode())
    return path


def test_a_sound_folder_is_called_whole_while_its_server_runs_and_after(filled):
    assert command("verify", data=filled.data) == (
        0,
        f"{filled.data}: all records, manifests and blobs are undamaged\n",
        "",
    )
    filled.stop()
    assert command("verify", data=filled.data)[0] == 0


def test_verify_names_what_is_damaged_and_whose_it_is_and_logging_it_again_heals(filled):
    blob = blob_of(filled.data, "one" * 10_000)
    blob.write_text("X" * 30_000)
    blob_of(filled.data, "two" * 10_000).unlink()
    code, out, _ = command("verify", data=filled.data)
    assert code == 1
    assert "artifact local/p/data:v0, file a.txt: is damaged" in out
    assert "artifact local/p/data:v1, file a.txt: is gone" in out
    assert len(out.splitlines()) == 2
    assert command("verify", "--set-aside", data=filled.data)[0] == 1
    with wandb.init(project="p", id="again") as run:
        for text in ("one", "two"):
            artifact = wandb.Artifact("data", "dataset")
            with artifact.new_file("a.txt") as file:
                file.write(text * 10_000)
            run.log_artifact(artifact).wait()
    assert command("verify", data=filled.data)[0] == 0


def test_a_run_file_that_is_damaged_is_named(filled):
    wandb.Api().run("local/p/r").file("wandb-metadata.json").download(root=str(filled.folder)).close()
    blob_of(filled.data, (filled.folder / "wandb-metadata.json").read_text()).write_text("{")
    assert "run local/p/r, file wandb-metadata.json: is damaged" in command("verify", data=filled.data)[1]


def test_a_manifest_that_lists_other_files_is_named(filled):
    with contextlib.closing(sqlite3.connect(filled.data / "records.sqlite3")) as records, records:
        records.execute("UPDATE artifact_files SET path = 'b.txt' WHERE artifact_id = 1")
    code, out, _ = command("verify", data=filled.data)
    assert (code, out) == (1, "artifact local/p/data:v0: its manifest and its records list different files\n")


@pytest.mark.soak
def test_a_backup_taken_while_runs_are_logged_is_whole_and_serves(filled, tmp_path):
    started, ended = threading.Event(), threading.Event()

    def log_more():
        with wandb.init(project="p", id="busy") as run:
            for number in range(400):
                run.log({"loss": number})
                if number == 50:
                    started.set()
            ended.set()

    writer = threading.Thread(target=log_more)
    writer.start()
    assert started.wait(60)
    assert command("backup", tmp_path / "backup", data=filled.data)[0] == 0
    writer.join(60)
    assert ended.is_set()
    code, out, _ = command("backup", tmp_path / "backup", data=filled.data)  # brought up to date
    assert (code, out.startswith(f"{tmp_path / 'backup'}: ")) == (0, True)
    filled.stop()
    code, _, err = command("restore", tmp_path / "backup", data=tmp_path / "other" / "data")
    assert (code, err) == (0, "")
    assert command("verify", data=tmp_path / "other" / "data")[0] == 0
    restored = Server(tmp_path / "other")
    restored.port, restored.url = filled.port, filled.url
    with restored:
        assert restored.key == filled.key
        assert len(list(wandb.Api().run("local/p/busy").scan_history())) == 400
        wandb.Api().artifact("local/p/data:v1").download(root=str(tmp_path / "download"))
        assert (tmp_path / "download" / "a.txt").read_text() == "two" * 10_000


def test_a_backup_leaves_out_what_is_damaged_and_says_so(filled, tmp_path):
    blob_of(filled.data, "one" * 10_000).write_text("X" * 30_000)
    code, _, err = command("backup", tmp_path / "backup", data=filled.data)
    assert (code, err) == (1, "error: 1 blobs are damaged and were left out; `verify` names them\n")
    assert "artifact local/p/data:v0, file a.txt: is gone" in command("verify", data=tmp_path / "backup")[1]


def test_what_cannot_be_copied_is_refused(filled, tmp_path):
    data, home = filled.data, tmp_path / "home"
    refused = {
        ("backup", data / "inside"): "is inside the data folder",
        ("backup", home): "the folder is not empty and not a backup",
        ("restore", home): "the folder has no records.sqlite3",
        ("restore", data): "holds records; give --data with a new folder",
    }
    for arguments, message in refused.items():
        code, _, err = command(*arguments, data=data)
        assert (code, len(err.splitlines())) == (2, 1), (arguments, err)
        assert message in err, arguments


def test_a_folder_without_records_is_named(tmp_path):
    code, _, err = command("verify", data=tmp_path / "empty")
    assert (code, "records.sqlite3: no such file" in err) == (2, True)


@pytest.mark.parametrize("first", [0, 1 << 14], ids=["its header", "a page"])
def test_damaged_records_stop_the_start_with_one_line(tmp_path, first):
    with Server(tmp_path) as server:
        server.graphql('mutation{upsertBucket(input:{modelName:"p",name:"r",host:"h"}){inserted}}')
    path = server.data / "records.sqlite3"
    content = bytearray(path.read_bytes())
    content[first : first + 4096] = b"\xa5" * 4096
    path.write_bytes(content)
    code, _, err = command("serve", "--port", "0", data=server.data)
    assert (code, len(err.splitlines())) == (2, 1)
    assert "records.sqlite3: the database is damaged (" in err and "python -m wandb_local restore BACKUP" in err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_is_told_to_stop_closes_what_it_has_open(tmp_path, number):
    server = Server(tmp_path)
    server.start()
    server.graphql('mutation{upsertBucket(input:{modelName:"p",name:"r",host:"h"}){inserted}}')
    assert server.end(number) == 0
    assert "Traceback" not in server.log()
    left = {path.name for path in server.data.iterdir()}
    assert not left & {"server.json", "records.sqlite3-wal", "records.sqlite3-shm"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_is_told_to_stop_as_soon_as_it_listens_stops(tmp_path, number):
    server = Server(tmp_path)
    server.start()
    assert server.end(number) == 0
