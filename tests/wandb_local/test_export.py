"""``export``: a run as plain files, whole or not at all, with all that a user takes along who leaves the server."""

import contextlib
import json
import sqlite3
import subprocess
import sys
import urllib.request

import pytest
import wandb

from tests.wandb_local.process import ROOT


def export(data, run, target, *options):
    argv = [sys.executable, "-m", "wandb_local", "export", *options, "--data", str(data), run, str(target)]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def store(server, project, run, names):
    """Files of a run, under names that the store can have and a disk perhaps cannot."""
    given = {"modelName": project, "name": run, "host": "h"}
    server.graphql("mutation($i:UpsertBucketInput!){upsertBucket(input:$i){inserted}}", i=given)
    given = {"entityName": "local", "projectName": project, "runName": run, "files": names}
    query = "mutation($i:CreateRunFilesInput!){createRunFiles(input:$i){files{name uploadUrl}}}"
    for file in server.graphql(query, i=given)["createRunFiles"]["files"]:
        put(file["uploadUrl"], file["name"].encode())


def put(url, content):
    request = urllib.request.Request(url, data=content, method="PUT")
    urllib.request.urlopen(request, timeout=30).close()


LONG = "n" * 300 + ".txt"


def test_names_that_the_disk_cannot_have_are_written_elsewhere_and_listed(server, project, tmp_path):
    names = [LONG, "a", "a/b", "plain.txt", "/".join(["d" * 200] * 5)]
    store(server, project, "r", names)
    code, out, err = export(server.data, f"local/{project}/r", tmp_path / "out")
    assert code == 0 and f"{len(names)} files" in out
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    assert set(record["renamed"]) == {f"files/{LONG}", "files/a"}
    assert record["renamed"][f"files/{LONG}"].endswith(".txt")
    assert err.count("note: files/") == 2
    for name in names:
        place = record["renamed"].get(f"files/{name}", f"files/{name}")
        assert (tmp_path / "out" / place).read_text() == name


@pytest.mark.parametrize("flaw", ["gone", "damaged"])
def test_a_file_whose_blob_is_lost_is_named_and_all_others_are_there(server, project, tmp_path, flaw):
    store(server, project, "r", ["good.txt", f"{project}.txt"])
    with contextlib.closing(sqlite3.connect(server.data / "records.sqlite3")) as records:
        sql = "SELECT md5 FROM run_files WHERE name = ?"
        (md5,) = records.execute(sql, (f"{project}.txt",)).fetchone()
    blob = server.data / "blobs" / md5[:2] / md5[2:]
    content = blob.read_bytes()
    try:
        if flaw == "gone":
            blob.unlink()
        else:
            blob.write_bytes(content[::-1])
        code, _, err = export(server.data, f"local/{project}/r", tmp_path / "out")
    finally:
        blob.write_bytes(content)
    assert code == 1
    assert f"error: files/{project}.txt: the file was left out: its blob is damaged or missing" in err
    assert [path.name for path in (tmp_path / "out" / "files").iterdir()] == ["good.txt"]
    assert json.loads((tmp_path / "out" / "run.json").read_text())["lost"] == [f"files/{project}.txt"]


def test_what_fails_leaves_nothing_behind(server, project, tmp_path):
    """A limit on the size of files: the export fails in its middle."""
    store(server, project, "r", ["a.txt"])
    lines = [json.dumps({"_step": step, "text": "x" * 1000}) for step in range(300)]
    body = json.dumps({"files": {"wandb-history.jsonl": {"offset": 0, "content": lines}}}).encode()
    server.ask(f"/files/local/{project}/r/file_stream", body)
    argv = ["prlimit", "--fsize=100000", sys.executable, "-m", "wandb_local", "export", "--data", str(server.data)]
    done = subprocess.run(
        [*argv, f"local/{project}/r", str(tmp_path / "out")], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "out").mkdir()
    code, _, err = export(server.data, f"local/{project}/r", tmp_path / "out")
    assert (code, err) == (2, f"error: {tmp_path / 'out'}: the folder already exists; give a new folder\n")


@pytest.fixture
def with_versions(server, project, tmp_path):
    """A run that has used one version and logged another one, which refers to a file elsewhere."""
    (tmp_path / "far.txt").write_text("far")
    with wandb.init(project=f"{project}-source", id="first") as run:
        artifact = wandb.Artifact("data", "dataset", metadata={"classes": 11})
        with artifact.new_file("train/a.txt") as file:
            file.write("used")
        run.log_artifact(artifact).wait()
    with wandb.init(project=project, id="r") as run:
        run.use_artifact(f"local/{project}-source/data:v0")
        artifact = wandb.Artifact("data", "dataset")
        with artifact.new_file("b.txt") as file:
            file.write("logged")
        artifact.add_reference((tmp_path / "far.txt").as_uri(), "far.txt")
        run.log_artifact(artifact).wait()
    return project


def test_the_versions_that_a_run_used_and_logged_come_along(server, with_versions, tmp_path):
    project = with_versions
    code, out, _ = export(server.data, f"local/{project}/r", tmp_path / "out")
    assert code == 0 and "2 artifact versions" in out
    listed = json.loads((tmp_path / "out" / "run.json").read_text())["artifacts"]
    used, logged = sorted(listed, key=lambda version: version["direction"])
    assert (used["name"], used["project"], used["metadata"]) == ("data:v0", f"local/{project}-source", {"classes": 11})
    assert used["folder"] != logged["folder"]  # the same name and number in two projects
    assert (tmp_path / "out" / used["folder"] / "train" / "a.txt").read_text() == "used"
    assert (tmp_path / "out" / logged["folder"] / "b.txt").read_text() == "logged"
    assert logged["references"] == {"far.txt": (tmp_path / "far.txt").as_uri()}
    code, out, _ = export(server.data, f"local/{project}/r", tmp_path / "small", "--no-artifacts")
    assert (code, (tmp_path / "small" / "artifacts").exists()) == (0, False)
    assert len(json.loads((tmp_path / "small" / "run.json").read_text())["artifacts"]) == 2


@pytest.mark.soak
def test_memory_does_not_grow_with_the_rows(server, project, tmp_path):
    store(server, project, "r", ["a.txt"])
    peaks = []
    for part in range(2):
        lines = [json.dumps({"_step": step, "text": "x" * 2000}) for step in range(part * 10_000, 10_000 * (part + 1))]
        body = json.dumps({"files": {"wandb-history.jsonl": {"offset": part * 10_000, "content": lines}}}).encode()
        server.ask(f"/files/local/{project}/r/file_stream", body)
        code = (
            "import re, sys; from wandb_local.__main__ import main; main(sys.argv[1:]);"
            " print(re.search(r'VmHWM:\\s+(\\d+) kB', open('/proc/self/status').read())[1])"
        )
        argv = [sys.executable, "-c", code, "export", "--data", str(server.data), f"local/{project}/r"]
        done = subprocess.run([*argv, str(tmp_path / str(part))], cwd=ROOT, capture_output=True, text=True, check=True)
        peaks.append(int(done.stdout.split()[-1]))  # kB
    assert peaks[1] - peaks[0] < 4000, peaks
