"""Versions linked to other collections, and registries, which are projects of such collections."""

import contextlib

import pytest
import wandb

from tests.wandb_local.test_artifacts import log
from wandb_local.records.artifacts.uses import versions_of
from wandb_local.store.database import Database

pytestmark = pytest.mark.usefixtures("server")


def test_link_to_a_collection_as_the_model_registry(project):
    with wandb.init(project=project) as run:
        first = log(run, "model", {"w.txt": "1"})
        linked = run.link_artifact(first, "model-registry/" + project, aliases=["staging"])
        assert (linked.name, linked.is_link, set(linked.aliases)) == (f"{project}:v0", True, {"staging", "latest"})
        run.link_artifact(log(run, "model", {"w.txt": "2"}), "model-registry/" + project)
    api = wandb.Api()
    registered = api.artifact(f"local/model-registry/{project}:latest")
    assert (registered.version, registered.source_name) == ("v1", "model:v1")
    assert api.artifact(f"local/model-registry/{project}:staging").source_name == "model:v0"
    assert [a.qualified_name for a in api.artifact(f"local/{project}/model:v0").linked_artifacts] == [
        f"local/model-registry/{project}:v0"
    ]
    registered.unlink()
    assert api.artifact(f"local/model-registry/{project}:latest").version == "v0"


def test_the_aliases_of_a_link_are_not_those_of_the_version(server, project):
    with wandb.init(project=project) as run:
        version = log(run, "model", {"w.txt": "1"}, aliases=["best"])
        links = [
            run.link_artifact(version, f"{project}/links", aliases=["best", "latest"]),
            version.link(f"other-{project}/model", aliases=["best"]),
        ]
    api = wandb.Api()
    found = [version, *links, *(api.artifact(name) for name in (version.qualified_name, f"other-{project}/model:best"))]
    found += [*api.artifacts("dataset", f"local/{project}/links"), *api.run(run.path).logged_artifacts()]
    assert [sorted(artifact.aliases) for artifact in found] == [["best", "latest"]] * len(found)
    with contextlib.closing(Database(server.data / "records.sqlite3")) as db:
        (shown,) = versions_of(db, db.value("SELECT max(run_id) FROM run_artifacts"))
    assert sorted(shown["aliases"].split(", ")) == ["best", "latest"]


def test_a_registry_is_a_project_of_links(project):
    name = f"registry {project}"
    with wandb.init(project=project) as run:
        first = log(run, "model", {"w.txt": "1"})
        linked = run.link_artifact(first, f"wandb-registry-{name}/mine", aliases=["staging"])
        second = log(run, "model", {"w.txt": "2"})
        second.link(f"wandb-registry-{name}/mine")
        used = run.use_artifact(f"wandb-registry-{name}/mine:staging")
    assert linked.qualified_name == f"local/wandb-registry-{name}/mine:v0"
    assert (used.source_name, used.aliases) == ("model:v0", ["staging"])
    api = wandb.Api()
    registry = api.registry(name)
    assert (registry.name, registry.organization, list(registry.artifact_types)) == (name, "local", ["dataset"])
    collections = api.registries(filter={"name": {"$regex": f"y {project}$"}}).collections()
    assert [(collection.name, collection.project) for collection in collections] == [("mine", registry.full_name)]
    assert name in [found.name for found in api.registries(order="-created_at")]
    versions = {
        "all, the newest first": registry.versions(),
        "by size": registry.versions(order="+artifact_size"),
        "by alias": registry.versions(filter={"alias": "staging"}),
        "by any": collections.versions(filter={"$or": [{"tag": "none"}, {"alias": {"$in": ["latest"]}}]}),
        "of no registry": api.registries(filter={"name": "none"}).versions(),
    }
    assert {what: [version.version for version in found] for what, found in versions.items()} == {
        "all, the newest first": ["v1", "v0"],
        "by size": ["v1", "v0"],
        "by alias": ["v0"],
        "by any": ["v1"],
        "of no registry": [],
    }


def test_a_registry_is_made_changed_and_deleted(project):
    api = wandb.Api()
    made = api.create_registry(project, "restricted", description="ours", artifact_types=["dataset"])
    assert (made.visibility, made.description, made.allow_all_artifact_types) == ("restricted", "ours", False)
    with pytest.raises(ValueError, match="already exists"):
        api.create_registry(project, "restricted")
    made.artifact_types.append("model")
    made.name, made.visibility = f"{project}-2", "organization"
    made.save()
    back = api.registry(f"{project}-2")
    assert (back.visibility, list(back.artifact_types)) == ("organization", ["dataset", "model"])
    assert [member.user.name for member in back.user_members()] == ["local"]
    assert back.team_members() == []
    with wandb.init(project=project) as run:
        version = log(run, "code", {"a.py": "1"}, type="code")
        with pytest.raises(
            wandb.errors.CommError, match=r"takes artifacts of the types \['dataset', 'model'\], not 'code'"
        ):
            version.link(f"{back.full_name}/mine")
    back.delete()
    with pytest.raises(ValueError, match="Failed to load registry"):
        api.registry(back.name)
    with pytest.raises(wandb.errors.CommError, match="'elsewhere' not found"):
        api.organization("elsewhere")
