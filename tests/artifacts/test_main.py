"""Commands of `python -m artifacts` beside promotion and lineage, which have files of their own."""

import http.client
import os
import subprocess
import sys
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import wandb

from artifacts.__main__ import main
from artifacts.sweep import SweepError, read_sweep
from camvid.layouts import content_digest
from tests.artifacts.weighed import log_versions
from tests.client import teardown

FORBIDDEN = (rb"{\"jobType\"", b'"hidden"')  # the history of promotions, and a sweep


@pytest.fixture
def gateway(online, monkeypatch):
    """A proxy before the real server that forbids some questions, as a company's may; the client is sent to it."""
    behind = urllib.parse.urlsplit(os.environ["WANDB_BASE_URL"]).netloc

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if any(word in body for word in FORBIDDEN):
                self.answer(403, "text/plain", b"forbidden")
                return
            upstream = http.client.HTTPConnection(behind, timeout=30)
            upstream.request(self.command, self.path, body, dict(self.headers))
            response = upstream.getresponse()
            self.answer(response.status, response.headers["Content-Type"], response.read())
            upstream.close()

        do_GET = do_PUT = do_POST

        def answer(self, status, kind, body):
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    proxy = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    teardown()
    monkeypatch.setenv("WANDB_BASE_URL", f"http://127.0.0.1:{proxy.server_port}")
    yield
    proxy.shutdown()
    proxy.server_close()


@pytest.mark.usefixtures("online")
def test_a_data_set_is_logged_once(dataset, capsys):
    words = ["dataset", str(dataset.root), "--project", "roads", "--name", "by-hand"]
    for _ in range(2):
        assert main(words) == 0
        assert "dataset: local/roads/by-hand:v0" in capsys.readouterr().out
    logged = wandb.Api().artifact("roads/by-hand:latest")
    assert logged.metadata["digest"] == content_digest(dataset)
    assert {run.job_type for run in logged.used_by()} == {"dataset"}


@pytest.mark.usefixtures("online")
def test_a_data_set_without_a_pair_is_not_logged(dataset, capsys):
    for folder in ("train", "val", "test"):
        (dataset.root / folder).rename(dataset.root / "city")
        (dataset.root / folder).mkdir()
        (dataset.root / "city").rename(dataset.root / folder / "city")
    assert main(["dataset", str(dataset.root), "--project", "roads", "--name", "nested"]) == 2
    assert "layout segnet, and no frame with its label: train/ holds no picture, but train/city/ has 3" in (
        capsys.readouterr().err
    )
    assert not wandb.Api().artifact_exists("roads/nested:latest")


def test_faults_are_said_in_one_line(dataset, tmp_path, capsys):
    assert main(["dataset", str(tmp_path / "nowhere")]) == 2
    assert str(tmp_path / "nowhere") in capsys.readouterr().err
    assert main(["dataset", str(dataset.root)]) == 2  # no server is set
    assert "wandb login" in capsys.readouterr().err


@pytest.mark.soak
def test_a_mistake_is_one_line_of_a_new_process():
    """Nothing that a library warns of while it is imported stands before it."""
    words = [sys.executable, "-m", "artifacts", "lineage", "roads:v7", "--project", "camvid"]
    done = subprocess.run(words, cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=100)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: artifact 'camvid/roads:v7' cannot be fetched offline")


@pytest.mark.usefixtures("gateway")
def test_what_the_server_refuses_is_said_in_one_line(new_run, tmp_path, capsys):
    log_versions(new_run, tmp_path / "saved", ("guarded", {}))
    model = wandb.Api().artifact("roads/guarded:v0")
    model.aliases.append("production")
    model.save()
    assert main(["rollback", "roads/guarded"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line == "error: W&B: forbidden"
    with pytest.raises(SweepError, match="'roads/hidden' cannot be read: forbidden"):
        read_sweep("roads/hidden")


@pytest.mark.usefixtures("gateway")
def test_a_sweep_that_one_may_not_see_is_not_told_as_deleted(new_run, tmp_path, capsys):
    log_versions(lambda: new_run(config={"from_sweep": "local/roads/hidden"}), tmp_path / "saved", ("veiled", {}))
    assert main(["lineage", "roads/veiled:v0"]) == 2
    assert "forbidden" in capsys.readouterr().err
