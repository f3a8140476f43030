"""Small things that the client's own tests ask of a server."""

import urllib.request

import pytest
import wandb

from tests.wandb_local.test_export import store

pytestmark = pytest.mark.filterwarnings("ignore:Read the `app_url` setting:DeprecationWarning")  # wandb warns of itself
UPSERT = 'mutation($p:String,$n:String){upsertBucket(input:{modelName:$p,name:$n,host:"h"}){bucket{id}}}'


def test_a_run_can_be_deleted_twice(server, project):
    server.graphql(UPSERT, p=project, n="r")
    run = wandb.Api().run(f"local/{project}/r")
    run.delete()
    run.delete()
    assert list(wandb.Api().runs(f"local/{project}")) == []


def test_a_missing_file_is_restored_as_the_client_documents_it(server, project, tmp_path):
    store(server, project, "r", ["some.txt"])
    with pytest.raises(ValueError, match=r"File none\.txt not found"):
        wandb.restore("none.txt", f"local/{project}/r", root=str(tmp_path))
    file = wandb.Api().run(f"local/{project}/r").file("none.txt")
    assert (file.md5, file.size) == ("0", 0)
    with pytest.raises(wandb.errors.CommError, match="404"):
        file.download(root=str(tmp_path))


def test_the_prior_runs_of_a_sweep_are_listed(server, project):
    for name in ("one", "two", "other"):
        server.graphql(UPSERT, p=project, n=name)
    config = {"method": "random", "parameters": {"x": {"min": 0.0, "max": 1.0}}}
    sweep = wandb.sweep(config, project=project, entity="local", prior_runs=["one", "two"])
    query = "query($p:String,$s:String!){project(name:$p){sweep(sweepName:$s){priorRuns{edges{node{name}}}}}}"
    found = server.graphql(query, p=project, s=sweep)["project"]["sweep"]["priorRuns"]["edges"]
    assert sorted(edge["node"]["name"] for edge in found) == ["one", "two"]


def test_the_addresses_that_the_client_prints_are_pages(server, project):
    server.graphql(UPSERT, p=project, n="r")
    page = wandb.Api().project(project, "local").url
    asked = {page: f"/login?next=%2Flocal%2F{project}", f"{server.url}/authorize?ref=models": "/login"}
    for url, place in asked.items():  # without a cookie, both end at the login, which leads on to the page
        with urllib.request.urlopen(urllib.request.Request(url, headers={"Accept": "text/html"}), timeout=30) as answer:
            assert (answer.status, answer.url) == (200, f"{server.url}{place}")
