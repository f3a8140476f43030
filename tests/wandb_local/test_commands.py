"""The commands of the server: start and stop, status, clean-up, export, login."""

import hashlib
import json
import re
import socket
import sys
import urllib.error
import urllib.parse
import urllib.request

import pytest
import wandb

from tests.wandb_local.process import run_command


def test_a_second_server_on_the_folder_is_refused(server):
    done = run_command("serve", "--port", "0", "--data", server.data, check=False)
    assert done.returncode == 2
    assert "in use by another server" in done.stderr
    assert "Traceback" not in done.stderr
    assert server.status()["server"] == "wandb_local"


@pytest.mark.soak
def test_exec_starts_and_stops_a_server(tmp_path):
    code = "import os, wandb; print(os.environ['WANDB_BASE_URL']); wandb.init(project='p', id='r').finish()"
    home = [f"{name}={tmp_path}" for name in ("WANDB_DIR", "WANDB_CACHE_DIR", "WANDB_CONFIG_DIR", "HOME")]
    command = ["env", *home, "WANDB_SILENT=true", sys.executable, "-c", code]
    done = run_command("exec", "--data", tmp_path / "data", "--", *command)
    url = done.stdout.strip()
    assert url.startswith("http://127.0.0.1:")
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"{url}/healthz", timeout=5)
    assert f"to browse the tracked runs at {url}, start: python -m wandb_local serve" in done.stderr
    assert f"--data {tmp_path / 'data'}" in done.stderr
    assert run_command("exec", "--data", tmp_path / "data", "--", "sh", "-c", "exit 7", check=False).returncode == 7
    assert run_command("status", "--data", tmp_path / "data", check=False).returncode == 1


def test_a_port_in_use(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = run_command("serve", "--data", tmp_path / "data", "--port", port, check=False)
        assert refused.returncode == 2 and f"127.0.0.1:{port}" in refused.stderr and "--port" in refused.stderr
        code = "import os; print(os.environ['WANDB_BASE_URL'])"
        done = run_command("exec", "--data", tmp_path / "data", "--port", port, "--", sys.executable, "-c", code)
    url = done.stdout.strip()
    other = int(url.rpartition(":")[2])
    assert other != port
    assert (
        f"at {url}, start: python -m wandb_local serve --port {other} --data" in done.stderr
    )  # where the address stays good


@pytest.mark.soak
def test_status_gc_and_export(server, project, tmp_path):
    with wandb.init(project=project, id="exported", config={"lr": 1}) as run:
        run.log({"a": 1})
        for text in ("1", "2"):
            artifact = wandb.Artifact("data", "dataset")
            with artifact.new_file("a.txt") as file:
                file.write(text + project)
            run.log_artifact(artifact).wait()
    wandb.Api().artifact(f"local/{project}/data:v0").delete(delete_aliases=True)
    gone = hashlib.md5(f"1{project}".encode(), usedforsecurity=False).hexdigest()
    kept = hashlib.md5(f"2{project}".encode(), usedforsecurity=False).hexdigest()
    stray = server.data / "blobs" / "ab" / ("0" * 30)  # as a kill between the file and its record leaves it
    stray.parent.mkdir(exist_ok=True)
    stray.write_bytes(b"stray")
    run_command("gc", "--data", server.data)
    assert (server.data / "blobs" / gone[:2] / gone[2:]).exists()
    now = ("gc", "--data", server.data, "--grace", "0")
    told = [run_command(*now, "--dry-run").stdout for _ in range(2)]
    assert (server.data / "blobs" / gone[:2] / gone[2:]).exists()
    assert stray.exists()
    freed = run_command(*now).stdout
    found = [re.match(r"(.*): (\d+) blobs that no record needs \((\d+) bytes\)", said) for said in (*told, freed)]
    assert [match and match[1] for match in found] == ["would be deleted"] * 2 + ["deleted"]
    counts = [match and (int(match[2]), int(match[3])) for match in found]
    assert counts[0] == counts[1] == counts[2]
    assert counts[0] and counts[0][0] >= 2
    assert counts[0][1] >= len(b"stray") + len(f"1{project}")
    assert not (server.data / "blobs" / gone[:2] / gone[2:]).exists()
    assert not stray.exists()
    assert (server.data / "blobs" / kept[:2] / kept[2:]).exists()
    status = json.loads(run_command("status", "--data", server.data).stdout)
    assert status["url"] == server.url
    assert status["counts"]["runs"] >= 1
    run_command("export", "--data", server.data, f"local/{project}/exported", tmp_path / "out")
    assert json.loads((tmp_path / "out" / "run.json").read_text())["config"]["lr"] == {"value": 1}
    assert [json.loads(line)["a"] for line in (tmp_path / "out" / "history.jsonl").read_text().splitlines()] == [1]
    assert (tmp_path / "out" / "files" / "wandb-metadata.json").exists()
    assert run_command("export", "--data", server.data, "local/none/r", tmp_path / "no", check=False).returncode == 2


def test_login_with_a_host(server, run_client, tmp_path):
    netrc = tmp_path / "netrc"
    code = (
        "import os, sys, wandb.cli.cli as c; [os.environ.pop(n) for n in ('WANDB_API_KEY', 'WANDB_BASE_URL')]; c.cli()"
    )
    run_client("login", "--host", server.url, server.key, code=code, NETRC=str(netrc))
    assert server.key in netrc.read_text()
