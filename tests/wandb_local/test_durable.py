"""What the server has acknowledged is on the disk, not only in the memory of the operating system."""

import json
import shutil
import threading

import pytest
import wandb

from tests.client import teardown
from tests.wandb_local.process import ROOT, Server, client_environment
from wandb_local.store.durable import Unsettled

# Runs inside the server's process: whatever is synced is copied, by inode, as a disk would keep it in a power cut.
RECORDER = """
import json, os, pathlib, shutil
disk, sync = pathlib.Path(os.environ["DISK"]), os.fsync

def fsync(descriptor):
    path, inode = pathlib.Path(os.readlink(f"/proc/self/fd/{descriptor}")), os.fstat(descriptor).st_ino
    if path.is_dir():
        names = {entry.name: entry.inode() for entry in os.scandir(path)}
        (disk / f"{inode}.names").write_text(json.dumps(names))
    else:
        shutil.copyfile(path, disk / str(inode))
    sync(descriptor)

os.fsync = fsync
"""


def restore(disk, data, target):
    """The data folder after a power cut. SQLite itself syncs the names of its files, and the database at a checkpoint
    (so little is written here that there is none)."""
    target.mkdir()
    for path in data.iterdir():
        if path.is_file() and path.name != "server.json":
            synced = disk / str(path.stat().st_ino)
            shutil.copyfile(synced if path.name.endswith("-wal") else path, target / path.name)
    restore_names(disk, data / "blobs", target / "blobs")


def restore_names(disk, folder, target):
    target.mkdir()
    names = disk / f"{folder.stat().st_ino}.names"
    for name, inode in json.loads(names.read_text()).items() if names.exists() else ():
        if (folder / name).is_dir():
            restore_names(disk, folder / name, target / name)
        elif (disk / str(inode)).exists():
            shutil.copyfile(disk / str(inode), target / name)


@pytest.mark.soak
def test_a_power_cut_takes_nothing_that_was_acknowledged(tmp_path, monkeypatch):
    for name in ("patch", "disk", "restored"):
        (tmp_path / name).mkdir()
    (tmp_path / "patch" / "sitecustomize.py").write_text(RECORDER)
    prefix = ["env", f"PYTHONPATH={tmp_path / 'patch'}:{ROOT}", f"DISK={tmp_path / 'disk'}"]
    with Server(tmp_path, prefix=prefix) as server:
        point_client_at(server, tmp_path / "home", monkeypatch)
        with wandb.init(project="p", id="r", config={"lr": 1}) as run:
            for step in range(50):
                run.log({"a": step})
            artifact = wandb.Artifact("data", "dataset")
            for number in range(3):
                with artifact.new_file(f"{number}.txt") as file:
                    file.write(f"text {number}")
            run.log_artifact(artifact).wait()
        server.kill()
    restore(tmp_path / "disk", server.data, tmp_path / "restored" / "data")
    with Server(tmp_path / "restored") as restored:
        point_client_at(restored, tmp_path / "home", monkeypatch)
        found = wandb.Api().run("local/p/r")
        assert (found.state, found.config, found.summary["a"]) == ("finished", {"lr": 1}, 49)
        assert [row["a"] for row in found.scan_history()] == list(range(50))
        with found.file("config.yaml").download(root=str(tmp_path / "down")) as config:
            assert "lr" in config.read()
        version = wandb.Api().artifact("local/p/data:v0")
        version.verify(root=version.download(root=str(tmp_path / "back"), skip_cache=True))
        teardown()


def point_client_at(server, home, monkeypatch):
    teardown()
    for name, value in client_environment(server, home).items():
        monkeypatch.setenv(name, value)


def test_threads_that_wait_together_share_a_sync(tmp_path, monkeypatch):
    """While one sync is under way others come to wait: one more serves them all."""
    unsettled, started, go_on, synced = Unsettled(), threading.Event(), threading.Event(), []

    def sync(path):
        synced.append(path)
        started.set()
        assert go_on.wait(30)

    monkeypatch.setattr("wandb_local.store.durable.sync", sync)
    unsettled.note(tmp_path)
    threads = [threading.Thread(target=unsettled.settle) for _ in range(6)]
    threads[0].start()
    assert started.wait(30)
    unsettled.note(tmp_path)
    for thread in threads[1:]:
        thread.start()
    go_on.set()
    for thread in threads:
        thread.join(30)
    assert synced == [tmp_path] * 2


def test_what_could_not_be_synced_is_tried_again(tmp_path):
    unsettled = Unsettled()
    unsettled.note(tmp_path / "gone")  # deleted since: nothing to do
    unsettled.settle()
    (tmp_path / "file").touch()
    unsettled.note(tmp_path / "file" / "not a folder")
    for _ in range(2):
        with pytest.raises(NotADirectoryError):
            unsettled.settle()
