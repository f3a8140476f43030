"""The pages of artifacts in a real browser, over versions that the real client has logged."""

import pytest
import wandb
from playwright.sync_api import expect

from tests.wandb_local.test_artifacts import log
from tests.wandb_local.web.conftest import Visitor

pytestmark = pytest.mark.usefixtures("server")


@pytest.fixture(scope="module")
def project(shared_server, client_home):
    """A project with two versions of a data set, a run that made a model of the second, and one that used the model."""
    assert client_home
    name = "lineage"
    with wandb.init(project=name, id="maker", name="<i>maker</i>", entity="local") as run:
        log(run, "data", {"a.txt": "1", "b/c.txt": "2", "gone.txt": "3"}, metadata={"frames": 3, "town": "<b>x</b>"})
        changed = {"a.txt": "1", "b/c.txt": "changed", "new.txt": "4"}
        log(run, "data", changed, metadata={"frames": 4, "size": {"width": 480}}, aliases=["day"], tags=["raw"])
        run.log({"table": wandb.Table(columns=["n"], data=[[1], [2]])})
    with wandb.init(project=name, id="trainer", name="trainer", job_type="train", entity="local") as run:
        run.use_artifact("data:v1")
        model = wandb.Artifact("net", "model", description="a <script>net</script>")
        with model.new_file("weights.txt") as file:
            file.write("w")
        model.add_reference("http://example.invalid/big.bin", name="big.bin", checksum=False)
        run.log_artifact(model).wait()
    for number in range(2):
        with wandb.init(project=name, id=f"user-{number}", name=f"user-{number}", entity="local") as run:
            run.use_artifact("net:v0")
    return name


def data(*more):
    return "/".join(["/local/lineage/artifacts/dataset/data", *more])


def test_from_the_list_to_a_file(visitor: Visitor, project):
    page = visitor.open(f"/local/{project}/artifacts")
    names = page.locator("#artifacts-grid .ag-cell[col-id=name]")
    page.wait_for_selector("#artifacts-grid >> text=net")
    assert {"data", "net"} <= set(names.all_inner_texts())
    page.click("nav[aria-label=Types] >> text=dataset")
    page.wait_for_url("**/artifacts/dataset")
    page.click("#artifacts-grid a >> text=data")
    page.wait_for_selector("#collection-grid >> text=day, latest")
    page.click("#collection-grid a >> text=v1")
    page.wait_for_url(f"**{data('v1')}")
    page.wait_for_selector("h1 >> text=data:v1")
    assert "3, 9 B" in page.inner_text("#shell-page .facts")
    assert page.inner_text(".artifact-metadata").split() == ["frames", "4", "size.width", "480"]
    page.click("nav[aria-label=Version] >> text=files")
    page.wait_for_selector("#artifact-files >> text=b/c.txt")
    row = page.locator("#artifact-files .ag-row", has_text="b/c.txt")
    with page.expect_download() as download:
        row.locator("text=download").click()
    assert download.value.suggested_filename == "c.txt"
    assert download.value.path().read_text() == "changed"
    with page.context.expect_page() as tab:
        row.locator("a >> text=b/c.txt").click()
    assert tab.value.inner_text("body") == "changed"


def test_what_changed_between_two_versions(visitor: Visitor, project):
    page = visitor.open(data("v1", "compare"))
    page.wait_for_selector("#artifact-changed-files >> text=new.txt")
    grid = "[...document.querySelectorAll('#{} .ag-center-cols-container .ag-row')].map(r => r.innerText).sort()"
    files = page.evaluate(grid.format("artifact-changed-files"))
    changes = [["added", "new.txt", "1 B"], ["changed", "b/c.txt", "1 B", "7 B"], ["removed", "gone.txt", "1 B"]]
    assert [[part for part in text.split("\n") if part] for text in files] == changes
    heads = page.locator("#artifact-changed-files .ag-header-cell-text")
    expect(heads).to_have_text(["Change", "File", "Size in v0", "Size in v1"])
    expect(page.locator("#artifact-changed-files .ag-right-aligned-cell")).to_have_count(6)
    metadata = page.evaluate(grid.format("artifact-changed-metadata"))
    assert [text.split() for text in metadata] == [
        ["added", "size.width", "480"],
        ["changed", "frames", "3", "4"],
        ["removed", "town", "<b>x</b>"],
    ]
    assert "1 added, 1 removed, 1 changed, 1 the same" in page.inner_text("#artifact-difference h2")
    assert visitor.inaccessible() == []
    page = visitor.open(data("v0", "compare") + "?with=v1")
    expect(heads).to_have_text(["Change", "File", "Size in v0", "Size in v1"])  # from the earlier to the later one
    texts = page.evaluate(grid.format("artifact-changed-files"))
    assert [[part for part in text.split("\n") if part] for text in texts] == changes


def test_the_lineage_leads_to_runs_and_versions(visitor: Visitor, project):
    page = visitor.open("/local/lineage/artifacts/model/net/latest/lineage")
    page.wait_for_selector("#artifact-graph canvas")
    assert page.inner_text("h1") == "net:v0"
    used = page.locator("h2:text('Used by') + ul a")
    expect(used).to_have_count(2)
    assert visitor.inaccessible() == []
    page.locator("#artifact-graph").click()  # in its middle
    page.wait_for_url("**/runs/trainer/artifacts")
    expect(page.locator("main h1")).to_contain_text("trainer")


def test_keys_alone_lead_along_the_lineage(visitor: Visitor, project):
    page = visitor.open("/local/lineage/artifacts/model/net/latest/lineage")
    steps = page.locator(".artifact-steps")
    expect(steps.locator("h3")).to_have_text(
        ["3 steps before", "2 steps before", "1 step before", "this version", "1 step after"]
    )
    nodes = steps.locator("ul li")
    expect(nodes).to_contain_text(["<i>maker</i>", "data:v1", "trainer", "net:v0", "user-1", "user-0"])
    page.focus("#artifact-canvas")
    page.keyboard.press("Tab")
    expect(steps.get_by_role("link", name="maker")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("data:v1")
    page.wait_for_url(f"**{data('v1', 'lineage')}")


def test_logged_text_is_text_and_pages_are_accessible(visitor: Visitor, project):
    for path in (f"/local/{project}/artifacts", data(), data("day"), data("v1", "files")):
        page = visitor.open(path)
        page.wait_for_selector("h1")
        assert visitor.inaccessible() == [], path
    page = visitor.open("/local/lineage/artifacts/model/net/v0")
    assert page.inner_text(".prose") == "a <script>net</script>"
    page = visitor.open(data("v0"))
    page.wait_for_selector(".artifact-metadata >> text=<b>x</b>")
    assert "<i>maker</i>" in page.inner_text("#shell-page .facts")


def test_references_show_their_address_and_tables_a_page(visitor: Visitor, project):
    page = visitor.open("/local/lineage/artifacts/model/net/v0/files")
    page.wait_for_selector("#artifact-files >> text=http://example.invalid/big.bin")
    expect(page.locator("#artifact-files a")).to_have_text(["weights.txt", "download"])
    table = next(a for a in wandb.Api().artifacts("run_table", "local/lineage/run-maker-table"))
    page = visitor.open(f"/local/lineage/artifacts/run_table/{table.source_name.replace(':', '/')}/files")
    page.click("#artifact-files a >> text=open")
    page.wait_for_url("**/tables/**")


def test_the_address_that_the_client_prints_opens_the_version(visitor: Visitor, project, server):
    url = wandb.Api().artifact("local/lineage/data:v0").url
    assert url.startswith(f"{server.url}/local/lineage/artifacts/dataset/data/v0")
    page = visitor.open(url.removeprefix(server.url))
    assert page.inner_text("h1") == "data:v0"


@pytest.mark.parametrize(
    "path", [data("v7"), data() + "x", "/local/lineage/artifacts/nothing", data("v0", "compare") + "/x"]
)
def test_what_does_not_exist(visitor: Visitor, project, path):
    page = visitor.open(path)
    assert page.inner_text("h1") == "Not found"


def test_a_new_version_comes_in_while_one_looks(visitor: Visitor, project):
    with wandb.init(project=project, entity="local") as run:
        log(run, "growing", {"a.txt": "1"})
        page = visitor.open(f"/local/{project}/artifacts/dataset/growing")
        page.wait_for_selector("#collection-grid a >> text=v0")
        log(run, "growing", {"a.txt": "2"})
        page.wait_for_selector("#collection-grid a >> text=v1")
