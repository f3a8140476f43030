"""The lists of artifacts and of versions, sorted in a real browser."""

import pytest
import wandb

from tests.wandb_local.test_artifacts import log
from tests.wandb_local.web.conftest import Visitor

pytestmark = pytest.mark.usefixtures("server")


@pytest.fixture(scope="module")
def sizes(client_home):
    """A project with artifacts whose sizes, as text, have another order."""
    with wandb.init(project="sizes", entity="local") as run:
        for name, size in (("frames-" * 12 + "nine", 900), ("kilo", 1000), ("two", 20), ("more", 30_000)):
            log(run, name, {"a.txt": "x" * size})
        for number in range(11):
            log(run, "often", {"a.txt": str(number)}).wait()
    return "/local/sizes/artifacts"


@pytest.mark.soak
def test_sizes_and_versions_are_sorted_by_what_they_are(visitor: Visitor, sizes):
    page = visitor.open(sizes)
    page.get_by_role("columnheader", name="Total size").click()
    cells = "[...document.querySelectorAll('.ag-row .ag-cell[col-id={}]')]"
    row = "cell.closest('.ag-row').ariaRowIndex"
    pairs = f"{cells}.map(cell => [{row}, cell.innerText]).sort((a, b) => a[0] - b[0])"
    texts = f"{pairs}.map(pair => pair[1]).join()"
    visitor.eventually(texts.format("size"), "12 B,20 B,900 B,1.0 kB,30.0 kB")
    cut = (
        "[...document.querySelectorAll('.ag-row .ag-cell[col-id=name]')].filter(cell => {"
        " const text = document.createRange(); text.selectNodeContents(cell);"
        " return text.getBoundingClientRect().right > cell.getBoundingClientRect().right; }).length"
    )
    for width in (390, 1400):
        page.set_viewport_size({"width": width, "height": 900})
        visitor.eventually(cut, 0)
    page = visitor.open(f"{sizes}/dataset/often")
    page.get_by_role("columnheader", name="Version").click()
    visitor.eventually(texts.format("title"), ",".join(f"v{number}" for number in range(11)))
    page.get_by_role("columnheader", name="Version").click()
    visitor.eventually(texts.format("title"), ",".join(f"v{number}" for number in reversed(range(11))))
