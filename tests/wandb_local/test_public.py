"""Reading and changing runs through the client's public API."""

import datetime as dt
import json
import urllib.error
from typing import Any

import pytest
import wandb

pytestmark = pytest.mark.usefixtures("server")


@pytest.fixture(scope="module")
def runs(client_home):
    """A project of six runs, made without waiting for their upload one by one."""
    project = "public"
    for number in range(6):
        settings: dict[str, Any] = {
            "group": "even" if number % 2 == 0 else "odd",
            "tags": [f"t{number % 3}"],
            "name": f"run {number}",
        }
        config = {"lr": number / 10, "deep": {"n": number}, "note": 60 * "a" + "b"}
        with wandb.init(project=project, id=f"r{number}", config=config, **settings) as run:
            run.log({"val/miou": (number * 5 % 6) / 10, "a.b": number})
            run.summary["diverged"] = float("nan") if number == 3 else float(number)
    return f"local/{project}"


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, "012345"),
        ({"group": "even"}, "024"),
        ({"state": "finished"}, "012345"),
        ({"state": {"$ne": "finished"}}, ""),
        ({"config.lr": {"$gt": 0.2}}, "345"),
        ({"config.lr.value": 0.2}, "2"),
        ({"config.deep.n": {"$in": [1, 5]}}, "15"),
        ({"config.deep.n": {"$nin": [1, 5]}}, "0234"),
        ({"config.missing": None}, "012345"),
        ({"config.missing": {"$exists": True}}, ""),
        ({"summary_metrics.val/miou": {"$gte": 0.4}}, "12"),
        ({"summary_metrics.val/miou": {"$gte": 0.4, "$lt": 0.5}}, "2"),
        ({"summary_metrics.a.b": 3}, "3"),
        ({"summary_metrics.diverged": {"$gt": 2}}, "45"),
        ({"tags": "t1"}, "14"),
        ({"tags": {"$in": ["t0", "t2"]}}, "0235"),
        ({"tags": {"$nin": ["t0", "t2"]}}, "14"),
        ({"display_name": {"$regex": "^run [01]$"}}, "01"),
        ({"config.note": {"$regex": "^(a|aa)+$"}}, ""),  # by trial and error, as Python's do, it would take years
        ({"name": "r4"}, "4"),
        ({"$or": [{"name": "r1"}, {"$and": [{"group": "odd"}, {"config.lr": 0.5}]}]}, "15"),
        ({"$not": {"group": "even"}}, "135"),
        ({"$nor": [{"group": "even"}, {"name": "r5"}]}, "13"),
        ({"config.lr": {"$not": {"$gt": 0.2}}}, "012"),
        ({"created_at": {"$gt": "2020-01-01"}}, "012345"),
        ({"createdAt": {"$lt": "2020-01-01T00:00:00Z"}}, ""),
    ],
)
def test_filters(runs, filters, expected):
    found = wandb.Api().runs(runs, filters=filters)
    assert sorted(run.id for run in found) == [f"r{number}" for number in expected]
    assert len(found) == len(expected)


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("+created_at", "012345"),
        ("-created_at", "543210"),
        ("-summary_metrics.val/miou", "123450"),
        ("+config.lr", "012345"),
        ("-summary_metrics.diverged", "542103"),
    ],
)
def test_orders(runs, order, expected):
    assert "".join(run.id[1:] for run in wandb.Api().runs(runs, order=order)) == expected


def test_pages_follow_one_another(runs):
    found = wandb.Api().runs(runs, per_page=4)
    assert [run.id for run in found] == [f"r{number}" for number in range(6)]
    assert found[5].name == "run 5"


def test_a_filter_may_have_thousands_of_conditions(runs):
    names = [{"name": f"r{number}"} for number in range(3, 1500)]
    filters = {"$or": names, **{f"summary_metrics.missing {number}": None for number in range(1500)}}
    assert sorted(run.id for run in wandb.Api().runs(runs, filters=filters)) == ["r3", "r4", "r5"]


@pytest.mark.parametrize("filters", [{"no_such_field": 1}, {"$where": "1"}, {"config.lr": {"$near": 1}}])
def test_a_filter_that_is_not_known_is_an_error(runs, filters):
    with pytest.raises(Exception, match="filters"):
        list(wandb.Api().runs(runs, filters=filters))


@pytest.mark.parametrize("pattern", ["*foo", "(", "a{1001}", "(?=a)", "(" * 10_000])
def test_a_regular_expression_with_a_mistake_is_quoted(server, runs, pattern):
    query = 'query($f:JSONString){project(name:"public"){runCount(filters:$f)}}'
    filters = json.dumps({"display_name": {"$regex": pattern}})
    with pytest.raises(urllib.error.HTTPError) as caught:
        server.ask("/graphql", json.dumps({"query": query, "variables": {"f": filters}}).encode())
    assert caught.value.code == 400
    assert f"regular expression {pattern[:100]!r}" in json.loads(caught.value.read())["errors"][0]["message"]
    caught.value.close()


def test_history_sampled_and_whole(project):
    with wandb.init(project=project) as run:
        for step in range(1200):
            run.log({"a": step, "b": step**2} if step % 2 == 0 else {"a": step})
    found = wandb.Api().run(f"local/{project}/{run.id}")
    assert [row["a"] for row in found.scan_history(page_size=100)] == list(range(1200))
    assert [row["b"] for row in found.scan_history(keys=["b"])] == [step**2 for step in range(0, 1200, 2)]
    assert [row["a"] for row in found.scan_history(keys=["a"], min_step=10, max_step=20)] == list(range(10, 20))
    sampled: Any = found.history(samples=100, pandas=False)
    assert (len(sampled), sampled[0]["a"], sampled[-1]["a"]) == (100, 0, 1199)
    pairs: Any = found.history(keys=["a", "b"], samples=50, pandas=False)
    assert len(pairs) == 50
    assert all(row["b"] == row["a"] ** 2 for row in pairs)
    frame: Any = found.history(samples=20)
    assert frame["a"].is_monotonic_increasing
    assert found.history(stream="system", pandas=False) is not None
    assert found.lastHistoryStep == 1199


def test_a_run_can_be_changed(project):
    with wandb.init(project=project, config={"lr": 1}) as run:
        run.log({"a": 1})
    changed: Any = wandb.Api().run(f"local/{project}/{run.id}")
    changed.config["lr"] = 2
    changed.tags.append("new")
    changed.notes = "noted"
    changed.display_name = "renamed"
    changed.summary["extra"] = 5
    changed.update()
    back: Any = wandb.Api().run(f"local/{project}/{run.id}")
    assert (back.config, back.tags, back.notes, back.name) == ({"lr": 2}, ["new"], "noted", "renamed")
    assert (back.summary["a"], back.summary["extra"], back.state) == (1, 5, "finished")


def test_files_are_added_and_deleted(project, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "late.txt").write_text("late")
    with wandb.init(project=project) as run:
        run.log({"a": 1})
    found = wandb.Api().run(f"local/{project}/{run.id}")
    found.upload_file("late.txt")
    (late,) = found.files(names=["late.txt"])
    assert late.size == 4
    late.delete()
    gone = wandb.Api().run(f"local/{project}/{run.id}").files(names=["late.txt"])
    assert [file.md5 for file in gone] == ["0"]  # W&B's answer to a name that a run has no file of
    assert wandb.Api().run(f"local/{project}/{run.id}").state == "finished"


def test_a_run_can_be_deleted_with_its_artifacts(project):
    for text in ("1", "2"):
        with wandb.init(project=project) as run:
            artifact = wandb.Artifact("data", "dataset")
            with artifact.new_file("a.txt") as file:
                file.write(text)
            run.log_artifact(artifact).wait()
    wandb.Api().run(f"local/{project}/{run.id}").delete(delete_artifacts=True)
    with pytest.raises(Exception, match="Could not find run"):
        wandb.Api().run(f"local/{project}/{run.id}")
    assert not wandb.Api().artifact_exists(f"local/{project}/data:v1")
    assert wandb.Api().artifact(f"local/{project}/data:latest").version == "v0"


def test_a_handle_of_a_deleted_run_reaches_no_later_run(project):
    api = wandb.Api()
    api.create_run(project=project, entity="local", run_id="gone")
    stale: Any = api.run(f"local/{project}/gone")
    wandb.Api().run(f"local/{project}/gone").delete()
    api.create_run(project=project, entity="local", run_id="next")
    stale.display_name = "renamed"
    with pytest.raises(Exception, match="does not exist"):
        stale.update()
    stale.delete()  # of what is gone already: no error, and nothing else goes
    assert wandb.Api().run(f"local/{project}/next").name != "renamed"


def test_projects_the_viewer_and_runs_made_by_the_api(project):
    api = wandb.Api()
    api.create_project(project, "local")
    assert project in {found.name for found in api.projects("local")}
    assert api.default_entity == "local"
    assert api.viewer.username == "local"
    made = api.create_run(project=project, entity="local", run_id="by-api")
    assert made.id == "by-api"
    assert wandb.Api().run(f"local/{project}/by-api").state == "running"
    created = dt.datetime.fromisoformat(wandb.Api().run(f"local/{project}/by-api").created_at)
    assert abs((dt.datetime.now(dt.UTC) - created).total_seconds()) < 3600


def test_a_project_that_does_not_exist_says_so():
    with pytest.raises(Exception, match="Could not find project"):
        list(wandb.Api().runs("local/never-made"))
