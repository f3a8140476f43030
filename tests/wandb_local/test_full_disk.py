"""Commands on a disk without room: a small one that is mounted for the test alone, in a name space of its own."""

import shutil
import subprocess
import sys

import pytest

from tests.wandb_local.process import ROOT, Server

_SCRIPT = f"""
set -eu
mount -t tmpfs -o size=6m tmpfs "$DISK"
cp -r "$DATA" "$DISK/data"
cd {ROOT}
PYTHON={sys.executable}
wandb_local() {{ timeout 60 $PYTHON -m wandb_local "$@" --data "$DISK/data" 2>&1; echo "code $?"; }}
fill() {{ dd if=/dev/zero of="$DISK/$1" bs=1k 2> /dev/null || true; }}
set +e
"""


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """The data folder with one run that a killed server leaves, and the one that a server leaves that was stopped."""
    home = tmp_path_factory.mktemp("disk")
    server = Server(home)
    server.start()
    server.graphql('mutation{upsertBucket(input:{modelName:"p",name:"r",host:"h"}){inserted}}')
    server.kill()
    shutil.copytree(server.data, home / "killed")
    server.start()
    server.stop()
    return {"killed": home / "killed", "stopped": server.data}


@pytest.fixture
def on_a_full_disk(tmp_path, folders):
    """Runs shell commands beside a copy of a data folder on a small disk; answers what they print."""

    def run(commands: str, folder: str = "stopped") -> str:
        (tmp_path / "disk").mkdir()
        argv = ["unshare", "--map-root-user", "--mount", "bash", "-c", _SCRIPT + commands]
        places = {"DISK": str(tmp_path / "disk"), "AWAY": str(tmp_path), "DATA": str(folders[folder])}
        path = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin"}
        done = subprocess.run(argv, capture_output=True, text=True, timeout=200, env=places | path)
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stdout
        return done.stdout

    return run


def test_serve_ends_with_one_line_that_names_the_disk_and_the_way_out(on_a_full_disk, tmp_path):
    said = on_a_full_disk("fill rest; wandb_local serve --port 0").splitlines()
    assert said[1:] == ["code 2"]
    assert f"the disk at {tmp_path / 'disk'} is full (0.0 of 6 MB are free)" in said[0]
    assert "python -m wandb_local gc" in said[0]


@pytest.mark.parametrize("folder", ["stopped", "killed"])  # after a kill, records lie in the log beside their file
def test_what_only_reads_needs_no_room_there(on_a_full_disk, tmp_path, folder):
    said = on_a_full_disk(
        """fill rest
        wandb_local export local/p/r "$AWAY/out"
        wandb_local verify
        wandb_local backup "$AWAY/backup"
        wandb_local export local/p/r "$DISK/here"
        ls -A "$DISK" """,
        folder,
    )
    assert said.count("code 0") == 3 and said.count("code 2") == 1
    assert (tmp_path / "out" / "run.json").is_file() and (tmp_path / "backup" / "records.sqlite3").is_file()
    assert f"error: the disk at {tmp_path / 'disk'} is full" in said
    assert said.splitlines()[-2:] == ["data", "rest"]  # no half of an export


@pytest.mark.parametrize("left", ["blobs/ab/" + "0" * 30, "uploads/tmp-1"], ids=["a blob of none", "half an upload"])
def test_gc_makes_room_on_a_full_disk(on_a_full_disk, left):
    said = on_a_full_disk(
        f"""mkdir "$DISK/data/blobs/ab"; fill data/{left}
        wandb_local gc --grace 0
        ls "$DISK/data/{left}" 2>&1
        df --output=avail "$DISK" """
    )
    assert "code 0" in said and "No such file" in said
    assert int(said.split()[-1]) > 3000


def test_a_server_starts_by_itself_where_half_an_upload_has_filled_the_disk(on_a_full_disk):
    said = on_a_full_disk("""fill data/uploads/tmp-1
        timeout 60 $PYTHON -m wandb_local exec --port 0 --data "$DISK/data" -- true 2>&1; echo "code $?" """)
    assert "code 0" in said
