"""The pages of artifacts in a real browser, over versions that the real client has logged."""

import pytest
import wandb
from playwright.sync_api import Page, expect

from tests.wandb_local.test_artifacts import log
from tests.wandb_local.web.conftest import Visitor
from tests.wandb_local.web.links import follow

pytestmark = pytest.mark.usefixtures("server")
GRID = "[...document.querySelectorAll('#{} .ag-center-cols-container .ag-row')].map(row => row.innerText).sort()"


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


def check_differences(page: Page):
    """The page that is open shows what changed from v0 to v1, in this order."""
    page.wait_for_selector("#artifact-changed-files >> text=new.txt")
    heads = page.locator("#artifact-changed-files .ag-header-cell-text")
    expect(heads).to_have_text(["Change", "File", "Size in v0", "Size in v1"])
    texts = page.evaluate(GRID.format("artifact-changed-files"))
    changes = [["added", "new.txt", "1 B"], ["changed", "b/c.txt", "1 B", "7 B"], ["removed", "gone.txt", "1 B"]]
    assert [[part for part in text.split("\n") if part] for text in texts] == changes


def check_lineage(visitor: Visitor):
    """The page that is open shows the lineage of the model; keys alone lead along it, and so does the mouse."""
    page = visitor.page
    page.wait_for_selector("#artifact-graph canvas")
    expect(page.locator("h2:text('Used by') + ul a")).to_have_count(2)
    steps = page.locator(".artifact-steps")
    expect(steps.locator("h3")).to_have_text(
        ["3 steps before", "2 steps before", "1 step before", "this version", "1 step after"]
    )
    nodes = steps.locator("ul li")
    expect(nodes).to_contain_text(["<i>maker</i>", "data:v1", "trainer", "net:v0", "user-1", "user-0"])
    assert visitor.inaccessible() == []
    page.focus("#artifact-canvas")
    page.keyboard.press("Tab")
    expect(steps.get_by_role("link", name="maker")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("data:v1")
    page.wait_for_url(f"**{data('v1', 'lineage')}")
    page.go_back()
    expect(page.locator("h1")).to_have_text("net:v0")
    page.wait_for_selector("#artifact-graph canvas")
    page.locator("#artifact-graph").click()  # in its middle
    page.wait_for_url("**/runs/trainer/artifacts")
    expect(page.locator("main h1")).to_contain_text("trainer")


@pytest.mark.soak
def test_from_the_list_to_a_file_and_to_a_new_version_that_comes_in(visitor: Visitor, project):
    page = visitor.open(f"/local/{project}/artifacts")
    names = page.locator("#artifacts-grid .ag-cell[col-id=name]")
    page.wait_for_selector("#artifacts-grid >> text=net")
    assert {"data", "net"} <= set(names.all_inner_texts())
    assert visitor.inaccessible() == [], "the list"
    page.click("nav[aria-label=Types] >> text=dataset")
    page.wait_for_url("**/artifacts/dataset")
    page.click("#artifacts-grid a >> text=data")
    page.wait_for_selector("#collection-grid >> text=day, latest")
    assert visitor.inaccessible() == [], "the versions of a collection"
    page.click("#collection-grid a >> text=v1")
    page.wait_for_url(f"**{data('v1')}")
    page.wait_for_selector("h1 >> text=data:v1")
    assert "3, 9 B" in page.inner_text("#shell-page .facts")
    assert page.inner_text(".artifact-metadata").split() == ["frames", "4", "size.width", "480"]
    assert visitor.inaccessible() == [], "a version"
    page.click("nav[aria-label=Version] >> text=files")
    page.wait_for_selector("#artifact-files >> text=b/c.txt")
    assert visitor.inaccessible() == [], "the files of a version"
    row = page.locator("#artifact-files .ag-row", has_text="b/c.txt")
    with page.expect_download() as download:
        row.locator("text=download").click()
    assert download.value.suggested_filename == "c.txt"
    assert download.value.path().read_text() == "changed"
    with page.context.expect_page() as tab:
        row.locator("a >> text=b/c.txt").click()
    assert tab.value.inner_text("body") == "changed"
    with wandb.init(project=project, entity="local") as run:
        log(run, "growing", {"a.txt": "1"})
        follow(page, f"/local/{project}/artifacts/dataset/growing")
        page.wait_for_selector("#collection-grid a >> text=v0")
        log(run, "growing", {"a.txt": "2"})
        page.wait_for_selector("#collection-grid a >> text=v1")


def test_from_the_address_that_the_client_prints_to_changes_lineage_and_what_does_not_exist(
    visitor: Visitor, project, server
):
    url = wandb.Api().artifact("local/lineage/data:v0").url
    assert url.startswith(f"{server.url}/local/lineage/artifacts/dataset/data/v0")
    page = visitor.open(url.removeprefix(server.url))
    assert page.inner_text("h1") == "data:v0"
    page.wait_for_selector(".artifact-metadata >> text=<b>x</b>")
    assert "<i>maker</i>" in page.inner_text("#shell-page .facts")
    follow(page, data("v0", "compare") + "?with=v1")
    check_differences(page)  # from the earlier to the later one
    follow(page, data("v1", "compare"))
    expect(page.locator("h1")).to_have_text("data:v1")
    check_differences(page)
    expect(page.locator("#artifact-changed-files .ag-right-aligned-cell")).to_have_count(6)
    metadata = page.evaluate(GRID.format("artifact-changed-metadata"))
    assert [text.split() for text in metadata] == [
        ["added", "size.width", "480"],
        ["changed", "frames", "3", "4"],
        ["removed", "town", "<b>x</b>"],
    ]
    assert "1 added, 1 removed, 1 changed, 1 the same" in page.inner_text("#artifact-difference h2")
    assert visitor.inaccessible() == []
    follow(page, "/local/lineage/artifacts/model/net/latest/files")
    expect(page.locator("h1")).to_have_text("net:v0")
    page.wait_for_selector("#artifact-files >> text=http://example.invalid/big.bin")
    expect(page.locator("#artifact-files a")).to_have_text(["weights.txt", "download"])
    page.click("nav[aria-label=Version] >> text=overview")
    expect(page.locator(".prose")).to_have_text("a <script>net</script>")
    page.click("nav[aria-label=Version] >> text=lineage")
    check_lineage(visitor)
    table = next(a for a in wandb.Api().artifacts("run_table", "local/lineage/run-maker-table"))
    follow(page, f"/local/lineage/artifacts/run_table/{table.source_name.replace(':', '/')}/files")
    page.click("#artifact-files a >> text=open")
    page.wait_for_url("**/tables/**")
    for path in (data("v7"), data() + "x", "/local/lineage/artifacts/nothing", data("v0", "compare") + "/x"):
        follow(page, data("v0"))
        expect(page.locator("h1")).to_have_text("data:v0")
        follow(page, path)
        expect(page.locator("h1"), path).to_have_text("Not found")
