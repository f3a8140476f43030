"""Artifacts as the unmodified client logs, uses and changes them."""

import os

import pytest
import wandb

pytestmark = pytest.mark.usefixtures("server")


def log(run, name, files, **options):
    """Log a data set of small text files; answers the committed version."""
    settings = {key: options.pop(key) for key in ("aliases", "tags") if key in options}
    ttl = options.pop("ttl", ...)
    artifact = wandb.Artifact(name, options.pop("type", "dataset"), **options)
    if ttl is not ...:
        artifact.ttl = ttl
    for path, text in files.items():
        with artifact.new_file(path) as file:
            file.write(text)
    return run.log_artifact(artifact, **settings).wait()


def contents(folder):
    """Relative path to text, of all files under a folder."""
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_versions_aliases_tags_and_metadata(project):
    with wandb.init(project=project) as run:
        first = log(run, "data", {"a.txt": "1"}, aliases=["best"], tags=["raw"], metadata={"n": [1]}, description="d")
        same = log(run, "data", {"a.txt": "1"}, aliases=["again"])
        second = log(run, "data", {"a.txt": "2"})
    assert (first.version, same.version, second.version) == ("v0", "v0", "v1")
    found = wandb.Api().artifact(f"local/{project}/data:v0")
    assert set(found.aliases) == {"best", "again"}
    assert (found.tags, found.metadata, found.description, found.type) == (["raw"], {"n": [1]}, "d", "dataset")
    assert (found.state, found.digest, found.size, found.file_count) == ("COMMITTED", first.digest, 1, 1)
    assert wandb.Api().artifact(f"local/{project}/data:latest").version == "v1"
    assert wandb.Api().artifact(f"local/{project}/data").version == "v1"
    with pytest.raises(wandb.errors.CommError):
        wandb.Api().artifact(f"local/{project}/data:v7")


def test_an_older_content_logged_again_becomes_latest(project):
    with wandb.init(project=project) as run:
        versions = [log(run, "data", {"a.txt": text}).version for text in ("1", "2", "1")]
    assert versions == ["v0", "v1", "v0"]
    assert wandb.Api().artifact(f"local/{project}/data:latest").version == "v0"


def test_a_storage_region_is_refused(project):
    with wandb.init(project=project) as run, pytest.raises(ValueError, match="storage_region 'mars': this server has"):
        log(run, "data", {"a.txt": "1"}, storage_region="mars")


@pytest.mark.soak
def test_equal_contents_logged_at_one_moment_are_one_version(run_client, project, tmp_path):
    code = """
import multiprocessing, sys, wandb

def work(number, barrier):
    with wandb.init(project=sys.argv[1], id=f"run-{number}") as run:
        for name in ("a", "b", "c"):
            artifact = wandb.Artifact(name, "dataset")
            with artifact.new_file("same.txt") as file:
                file.write(name)
            barrier.wait(30)
            run.log_artifact(artifact, aliases=[f"by-{number}"], tags=[f"tag-{number}"]).wait()
            artifact.verify(root=artifact.download(root=f"{name}-{number}"))
            with open(f"names-{number}", "a") as names:
                names.write(f"{artifact.name} ")

if __name__ == "__main__":
    barrier = multiprocessing.Barrier(3)
    workers = [multiprocessing.Process(target=work, args=(number, barrier)) for number in range(3)]
    [worker.start() for worker in workers]
    [worker.join() for worker in workers]
    sys.exit(max(worker.exitcode for worker in workers))
"""
    (tmp_path / "work.py").write_text(code)
    run_client(project, code="import runpy; runpy.run_path('work.py', run_name='__main__')")
    for number in range(3):
        assert (tmp_path / f"names-{number}").read_text().split() == ["a:v0", "b:v0", "c:v0"]
    api = wandb.Api()
    for name in ("a", "b", "c"):
        (version,) = api.artifacts("dataset", f"local/{project}/{name}")
        assert (version.name, set(version.aliases)) == (f"{name}:v0", {"latest", "by-0", "by-1", "by-2"})
        assert set(version.tags) == {"tag-0", "tag-1", "tag-2"}
    for number in range(3):
        logged = api.run(f"local/{project}/run-{number}").logged_artifacts()
        assert sorted(artifact.name for artifact in logged) == ["a:v0", "b:v0", "c:v0"]


def test_a_table_logged_twice_can_be_found_by_either_name_that_the_client_gave_it(server, project):
    with wandb.init(project=project) as run:
        for _ in range(2):
            run.log({"table": wandb.Table(columns=["a"], data=[[1]])})
    paths = [row["table"]["artifact_path"] for row in wandb.Api().run(f"local/{project}/{run.id}").scan_history()]
    names = [path.removeprefix("wandb-client-artifact://").partition("/")[0] for path in paths]
    query = "query($c:ID!){clientIDMapping(clientID:$c){serverID}}"
    found = [server.graphql(query, c=name)["clientIDMapping"]["serverID"] for name in names]
    assert (len(set(names)), len(set(found))) == (2, 1)


def test_a_version_can_be_changed_and_deleted(project):
    with wandb.init(project=project) as run:
        for text in ("1", "2", "3"):
            log(run, "data", {"a.txt": text})
    version = wandb.Api().artifact(f"local/{project}/data:v1")
    version.aliases.append("chosen")
    version.tags.append("good")
    version.metadata["note"] = 1
    version.description = "changed"
    version.save()
    back = wandb.Api().artifact(f"local/{project}/data:chosen")
    assert (back.version, back.tags, back.metadata, back.description) == ("v1", ["good"], {"note": 1}, "changed")
    back.aliases.remove("chosen")
    back.tags.remove("good")
    back.save()
    assert wandb.Api().artifact(f"local/{project}/data:v1").aliases == []
    wandb.Api().artifact(f"local/{project}/data:v2").delete(delete_aliases=True)
    assert [v.name for v in wandb.Api().artifacts("dataset", f"local/{project}/data")] == ["data:v1", "data:v0"]
    assert wandb.Api().artifact(f"local/{project}/data:latest").version == "v1"
    with wandb.init(project=project) as run:
        assert log(run, "data", {"a.txt": "4"}).version == "v3"


def test_deleting_a_version_with_aliases_is_refused(project):
    with wandb.init(project=project) as run:
        log(run, "data", {"a.txt": "1"}, aliases=["kept"])
        log(run, "data", {"a.txt": "2"})
        log(run, "data", {"a.txt": "3"})
    for version, aliases in (("v0", ["kept"]), ("v2", ["latest"])):
        artifact = wandb.Api().artifact(f"local/{project}/data:{version}")
        assert artifact.aliases == aliases
        with pytest.raises(wandb.errors.CommError, match=rf"{aliases[0]}.*delete_aliases"):
            artifact.delete()
    wandb.Api().artifact(f"local/{project}/data:v1").delete()
    assert [v.name for v in wandb.Api().artifacts("dataset", f"local/{project}/data")] == ["data:v2", "data:v0"]


def test_lineage_both_ways(project):
    with wandb.init(project=project, id="maker") as run:
        log(run, "data", {"a.txt": "1"})
    with wandb.init(project=project, id="user") as run:
        used = run.use_artifact("data:v0")
        log(run, "model", {"w.txt": "2"})
    api = wandb.Api()
    assert api.artifact(f"local/{project}/data:v0").logged_by().id == "maker"
    assert [run.id for run in api.artifact(f"local/{project}/data:v0").used_by()] == ["user"]
    assert [a.name for a in api.run(f"local/{project}/user").used_artifacts()] == ["data:v0"]
    assert [a.name for a in api.run(f"local/{project}/user").logged_artifacts()] == ["model:v0"]
    assert used.name == "data:v0"


def test_an_incremental_artifact_adds_to_the_last_version(project, tmp_path):
    with wandb.init(project=project) as run:
        log(run, "data", {"a.txt": "1", "b.txt": "2"})
        log(run, "data", {"b.txt": "changed", "c.txt": "3"}, incremental=True)
    version = wandb.Api().artifact(f"local/{project}/data:v1")
    folder = version.download(root=str(tmp_path / "fetched"))
    version.verify(root=folder)
    assert contents(tmp_path / "fetched") == {"a.txt": "1", "b.txt": "changed", "c.txt": "3"}


def test_a_draft_of_a_version_becomes_the_next(project):
    with wandb.init(project=project) as run:
        log(run, "data", {"a.txt": "1", "b.txt": "2"})
        draft = run.use_artifact("data:latest").new_draft()
        draft.remove("a.txt")
        with draft.new_file("c.txt") as file:
            file.write("3")
        run.log_artifact(draft).wait()
    assert sorted(wandb.Api().artifact(f"local/{project}/data:v1").manifest.entries) == ["b.txt", "c.txt"]


def test_collections_types_and_their_marks(project):
    with wandb.init(project=project) as run:
        log(run, "data", {"a.txt": "1"})
        log(run, "other", {"a.txt": "1"})
    api = wandb.Api()
    assert {t.name for t in api.artifact_types(f"local/{project}")} == {"dataset"}
    assert [c.name for c in api.artifact_collections(f"local/{project}", "dataset")] == ["data", "other"]
    kind = api.artifact_type("dataset", f"local/{project}")
    some = kind.collections(filters={"name": {"$regex": "t"}}, order="-name")
    assert [c.name for c in some] == ["other", "data"]
    collection = api.artifact_collection("dataset", f"local/{project}/data")
    collection.description = "all frames"
    collection.name = "frames"
    collection.tags = ["town"]
    collection.save()
    renamed = wandb.Api().artifact_collection("dataset", f"local/{project}/frames")
    assert (renamed.description, renamed.tags, renamed.aliases) == ("all frames", ["town"], ["latest"])
    assert wandb.Api().artifact_exists(f"local/{project}/frames:v0")
    assert not wandb.Api().artifact_exists(f"local/{project}/data:v0")
    renamed.delete()
    assert not wandb.Api().artifact_collection_exists(f"local/{project}/frames", "dataset")


@pytest.mark.soak
def test_the_artifact_commands(run_client, project, tmp_path):
    (tmp_path / "put").mkdir()
    (tmp_path / "put" / "a.txt").write_text("from the shell")
    run_client("artifact", "put", "-n", f"local/{project}/shell", "-t", "dataset", "-a", "mine", "put")
    listed = run_client("artifact", "ls", f"local/{project}", WANDB_SILENT="false")
    assert "shell:v0" in listed.stdout + listed.stderr
    run_client("artifact", "get", f"local/{project}/shell:mine", "--root", "got")
    assert contents(tmp_path / "got") == {"a.txt": "from the shell"}


def test_a_log_model_and_use_model(project, tmp_path):
    (tmp_path / "weights.bin").write_bytes(os.urandom(1000))
    with wandb.init(project=project) as run:
        run.log_model(str(tmp_path / "weights.bin"), name="net", aliases=["prod"])
    with wandb.init(project=project) as run:
        path = run.use_model("net:prod")
    with open(path, "rb") as file:  # noqa: PTH123
        assert file.read() == (tmp_path / "weights.bin").read_bytes()
