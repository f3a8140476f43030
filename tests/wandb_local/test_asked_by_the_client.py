"""Small things that the client's own tests ask of a server."""

import urllib.request
from collections.abc import Iterable

import pytest
import wandb
from wandb.apis.public.runhistory.downloads import IncompleteRunHistoryError
from wandb.sdk.lib.service.service_connection import WandbApiFailedError

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


@pytest.mark.parametrize(
    ("subject", "ask"),
    [
        ("launch", lambda api, _: api.create_run_queue("q", "local-process", entity="local")),
        ("launch", lambda api, _: api.run_queue("local", "q").id),
        ("custom charts", lambda api, _: api.create_custom_chart("local", "n", "n", "vega2", "private", {})),
        ("members", lambda api, _: api.create_user("a@example.org")),
        ("members", lambda api, name: api.create_registry(name, "restricted").add_members(api.user("local"))),
        ("automations", lambda api, _: api.delete_automation("x")),
    ],
)
def test_what_only_the_cloud_has_is_refused_in_one_line(server, project, subject, ask):
    server.graphql(UPSERT, p=project, n="r")
    with pytest.raises((wandb.errors.CommError, WandbApiFailedError)) as refused:
        ask(wandb.Api(), project)
    message = str(refused.value)
    assert subject in message and message.endswith(" are not supported by this server"), message


def test_what_there_is_none_of_is_an_empty_list(server, project):
    server.graphql(UPSERT, p=project, n="r")
    api = wandb.Api()
    asked: list[Iterable[object]] = [api.reports(f"local/{project}"), api.automations(), api.users("nobody")]
    asked += [api.automations(entity="local"), api.integrations(), api.webhook_integrations()]
    assert [list(found) for found in asked] == [[]] * len(asked)
    assert api.user("nobody") is None


def test_a_team_has_its_one_member(server):
    assert [(member.name, member.admin) for member in wandb.Api().team("local").members] == [("local", True)]
    assert wandb.Api().organization().name == "local"


def test_a_history_that_is_not_exported_is_said_to_be_incomplete(server, project, tmp_path):
    with wandb.init(project=project, id="r") as run:
        run.log({"a": 1})
    found = wandb.Api().run(f"local/{project}/r")
    with pytest.raises(IncompleteRunHistoryError):
        found.download_history_exports(tmp_path)
    result = found.download_history_exports(tmp_path, require_complete_history=False)
    assert (result.paths, result.contains_live_data) == ([], True)
    assert [row["a"] for row in found.scan_history()] == [1]
