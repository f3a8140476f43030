"""Runs as the unmodified client makes them, read back through the client's public API."""

import contextlib
import json
import math
import sqlite3
from typing import Any

import numpy as np
import PIL.Image
import pytest
import wandb

pytestmark = pytest.mark.usefixtures("server")


def read(project, run_id):
    return wandb.Api().run(f"local/{project}/{run_id}")


def test_scalars_config_summary_and_marks_come_back(server, project):
    config = {"lr": 0.1, "nested": {"a": [1, 2]}, "name": "ü"}
    marks: dict[str, Any] = {"tags": ["x", "y"], "notes": "a note", "group": "g", "job_type": "train", "name": "named"}
    with wandb.init(project=project, config=config, **marks) as run:
        run.define_metric("val/*", step_metric="epoch", summary="max")
        for step in range(30):
            run.log({"loss": 1 / (step + 1), "epoch": step // 10, "val/miou": step % 10 / 30, "deep": {"a": step}})
        run.summary["best"] = 7
        run.alert("watch out", "the loss rises", level=wandb.AlertLevel.WARN)  # type: ignore[attr-defined]
    found = read(project, run.id)
    assert found.state == "finished"
    assert found.config == config
    assert (found.tags, found.notes, found.group, found.job_type) == (["x", "y"], "a note", "g", "train")
    assert (found.name, found.lastHistoryStep, found.summary["best"]) == ("named", 29, 7)
    assert found.summary["val/miou"]["max"] == 9 / 30
    assert found.summary["loss"] == pytest.approx(1 / 30)
    rows = list(found.scan_history())
    assert [row["_step"] for row in rows] == list(range(30))
    assert [row["loss"] for row in rows] == [1 / (step + 1) for step in range(30)]
    assert rows[3]["deep"] == {"a": 3} or rows[3]["deep.a"] == 3
    assert found.history_keys["keys"]["deep.a"]["previousValue"] == 29
    assert found.metadata["program"]
    with contextlib.closing(sqlite3.connect(server.data / "records.sqlite3")) as records:
        sql = "SELECT title, text, severity FROM alerts WHERE run_id = (SELECT id FROM runs WHERE name = ?)"
        alerts = records.execute(sql, (run.id,))
        assert alerts.fetchall() == [("watch out", "the loss rises", "WARN")]


def test_not_a_number_and_infinity_survive(project):
    with wandb.init(project=project) as run:
        run.log({"a": 1.0, "b": float("nan"), "c": float("inf"), "d": float("-inf")})
        run.log({"a": 2.0, "b": 3.0, "c": 4.0, "d": 5.0})
    found = read(project, run.id)
    first, second = found.scan_history()
    assert (first["a"], second["b"]) == (1.0, 3.0)
    assert math.isnan(float(first["b"]))
    assert (float(first["c"]), float(first["d"])) == (math.inf, -math.inf)
    assert len(found.history(keys=["a", "b"], pandas=False)) == 2


def test_media_and_tables_are_stored_as_files(project, tmp_path):
    pixels = np.arange(8 * 8 * 3, dtype=np.uint8).reshape(8, 8, 3)
    mask = {"prediction": {"mask_data": np.eye(8, dtype=np.uint8), "class_labels": {0: "road", 1: "car"}}}
    with wandb.init(project=project) as run:
        run.log({"picture": wandb.Image(pixels, masks=mask), "histogram": wandb.Histogram([1, 2, 3])})
        run.log({"table": wandb.Table(columns=["name", "score"], data=[["a", 0.5], ["b", 0.25]])})
        (tmp_path / "odd name%.txt").write_text("saved")
        run.save(str(tmp_path / "odd name%.txt"), base_path=str(tmp_path), policy="now")
    found = read(project, run.id)
    names = {file.name for file in found.files()}
    assert {"config.yaml", "wandb-metadata.json", "wandb-summary.json", "odd name%.txt"} <= names
    assert (found.summary["histogram"]["_type"], sum(found.summary["histogram"]["values"])) == ("histogram", 3)
    picture = found.summary["picture"]
    with found.file(picture["path"]).download(root=str(tmp_path / "down")) as image:
        assert np.array_equal(np.asarray(PIL.Image.open(image.name)), pixels)
    assert any(name.startswith("media/images/mask/") for name in names)
    assert [file.name for file in found.files(pattern="media/table/%")] == [found.summary["table"]["path"]]
    with found.file("odd name%.txt").download(root=str(tmp_path / "down")) as saved:
        assert saved.read() == "saved"


def test_a_logged_table_with_masks_is_read_back_equal(project):
    classes = wandb.Classes([{"id": 0, "name": "road"}, {"id": 1, "name": "car"}])  # type: ignore[attr-defined]
    pixels, mask = np.zeros((4, 4, 3), np.uint8), np.eye(4, dtype=np.uint8)
    image = wandb.Image(pixels, masks={"truth": {"mask_data": mask}}, classes=classes)
    with wandb.init(project=project) as run:
        table = wandb.Table(columns=["frame", "picture", "iou"], data=[["f0", image, 0.25]])
        run.log({"predictions": table})
    back = wandb.Api().artifact(f"local/{project}/run-{run.id}-predictions:latest").get("predictions")
    assert back.columns == ["frame", "picture", "iou"]
    assert (back.data[0][0], back.data[0][2]) == ("f0", 0.25)
    assert np.array_equal(np.asarray(back.data[0][1].image)[..., :3], pixels)


def test_console_output_is_kept(run_client, project):
    code = f"""
import sys, wandb
with wandb.init(project={project!r}, id="talker") as run:
    for number in range(5):
        print("line", number)
    print("wrong", file=sys.stderr)
"""
    run_client(code=code)
    found = read(project, "talker")
    lines = [line.content for line in found.console_logs()]
    assert [line for line in lines if line.startswith("line")] == [f"line {number}" for number in range(5)]
    assert any("wrong" in line and entry.level == "error" for entry in found.console_logs() for line in [entry.content])
    assert [line.content for line in found.console_logs(last=1)] == lines[-1:]


def test_a_script_that_raises_is_a_failed_run(run_client, project):
    code = f"""
import wandb
run = wandb.init(project={project!r}, id="faller")
run.log({{"a": 1}})
raise ValueError("fell")
"""
    done = run_client(code=code, check=False)
    assert (done.returncode, "ValueError: fell" in done.stderr) == (1, True), done.stderr
    found = read(project, "faller")
    assert (found.state, found.summary["a"]) == ("failed", 1)


def test_resume_goes_on_where_the_run_stopped(project):
    with wandb.init(project=project, id="again", config={"lr": 1}) as run:
        run.log({"a": 0})
        run.log({"a": 1})
    with wandb.init(project=project, id="again", resume="must") as run:
        assert run.starting_step == 2
        assert run.summary["a"] == 1
        run.log({"a": 2})
    found = read(project, "again")
    assert [row["a"] for row in found.scan_history()] == [0, 1, 2]
    assert found.config == {"lr": 1}


def test_resume_refuses_what_it_must(project):
    with pytest.raises(wandb.errors.UsageError, match="does not exist"):
        wandb.init(project=project, id="missing", resume="must")
    with wandb.init(project=project, id="there", resume="allow") as run:
        run.log({"a": 0})
    with pytest.raises(wandb.errors.UsageError, match="already exists"):
        wandb.init(project=project, id="there", resume="never")


def test_a_restart_without_resume_begins_anew(project):
    for value in (1, 2):
        with wandb.init(project=project, id="same") as run:
            run.log({"a": value})
    found = read(project, "same")
    assert [row["a"] for row in found.scan_history()] == [2]


@pytest.mark.soak
def test_offline_runs_sync_twice_without_doubling(run_client, project, tmp_path):
    code = f"""
import wandb
with wandb.init(project={project!r}, id="offline", mode="offline", config={{"lr": 1}}) as run:
    for step in range(20):
        run.log({{"a": step}})
    artifact = wandb.Artifact("data", "dataset")
    with artifact.new_file("a.txt") as file:
        file.write("content")
    run.log_artifact(artifact)
"""
    run_client(code=code, WANDB_DIR=str(tmp_path))
    folders = sorted(str(path) for path in (tmp_path / "wandb").glob("offline-run-*"))
    for _ in range(2):
        run_client("sync", "--include-synced", *folders)
        found = read(project, "offline")
        assert [row["a"] for row in found.scan_history()] == list(range(20))
        assert (found.state, found.config) == ("finished", {"lr": 1})
        assert [a.name for a in found.logged_artifacts()] == ["data:v0"]


def test_several_processes_write_at_once(run_client, project):
    code = """
import multiprocessing, sys, wandb
def work(number):
    with wandb.init(project=sys.argv[1], id=f"worker-{number}", group="g") as run:
        for step in range(50):
            run.log({"a": step * number})
if __name__ == "__main__":
    workers = [multiprocessing.Process(target=work, args=(number,)) for number in range(3)]
    [worker.start() for worker in workers]
    [worker.join() for worker in workers]
    sys.exit(max(worker.exitcode for worker in workers))
"""
    run_client(project, code=code)
    runs = wandb.Api().runs(f"local/{project}", filters={"group": "g"})
    assert len(runs) == 3
    for run in runs:
        factor = int(run.id.removeprefix("worker-"))
        assert [row["a"] for row in run.scan_history()] == [step * factor for step in range(50)]


def test_stop_reaches_the_script(run_client, project):
    code = f"""
import time, wandb
from wandb.sdk.run_stopping import RunStopChecker
RunStopChecker.__init__.__kwdefaults__["poll_interval"] = 0.2  # in the place of 15 seconds
with wandb.init(project={project!r}, id="long", settings=wandb.Settings(x_file_stream_transmit_interval=0.2)) as run:
    run.log({{"a": -1}})
    wandb.Api().run("local/{project}/long").stop()
    for step in range(300):
        run.log({{"a": step}})
        time.sleep(0.1)
print("ran to the end")
"""
    done = run_client(code=code, check=False)
    assert "ran to the end" not in done.stdout
    assert done.returncode != 0


def test_a_run_that_was_stopped_can_be_resumed(server, project):
    with wandb.init(project=project, id="halted") as run:
        run.log({"a": 0})
        wandb.Api().run(f"local/{project}/halted").stop()
    query = 'query($p:String!){project(name:$p){run(name:"halted"){state stopped}}}'
    with wandb.init(project=project, id="halted", resume="must") as run:
        assert server.graphql(query, p=project)["project"]["run"] == {"state": "running", "stopped": False}
        run.log({"a": 1})
    assert [row["a"] for row in read(project, "halted").scan_history()] == [0, 1]


def test_raw_history_lines_are_valid_json_for_any_reader(server, project):
    with wandb.init(project=project) as run:
        run.log({"b": float("nan")})
    query = "query($p:String!,$r:String!){project(name:$p){run(name:$r){history(samples:10)}}}"
    (line,) = server.graphql(query, p=project, r=run.id)["project"]["run"]["history"]

    def refuse(text):
        raise AssertionError(f"{text} is not JSON")

    assert json.loads(line, parse_constant=refuse)["b"] == "NaN"
