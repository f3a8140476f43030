"""The picture of a long lineage in a real browser: what of it one sees."""

import time
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from scripts.browser import TIMEOUT
from tests.wandb_local.web.conftest import Visitor
from wandb_local.records.artifacts import versions
from wandb_local.store.database import Database
from wandb_local.store.folder import DataFolder


@pytest.mark.soak
@pytest.mark.parametrize("width", [1280, 390])
def test_a_long_lineage_is_all_seen_and_in_full_size_at_the_version_itself(visitor: Visitor, chain, width):
    visitor.page.set_viewport_size({"width": width, "height": 844})
    for version in (0, 10, 20):
        page = visitor.open(f"/local/chain/artifacts/data/d{version}/v0/lineage")
        outside = (
            "(frame => { const cy = document.getElementById('artifact-graph')?._cyreg?.cy;"
            " return cy && cy.nodes().filter(node => { const box = node.renderedBoundingBox();"
            " return box.x1 < 0 || box.y1 < 0 || box.x2 > frame.clientWidth || box.y2 > frame.clientHeight; }).length;"
            " })(document.getElementById('artifact-canvas'))"
        )
        visitor.eventually(outside, 0)
        page.get_by_role("button", name="Full size").click()
        here = (29, 79, 134)  # the colour of this version's node, which is 170 times 54 pixels large
        deadline = time.monotonic() + TIMEOUT / 1000
        while True:
            with Image.open(BytesIO(page.locator("#artifact-canvas").screenshot())) as picture:
                seen = int((np.asarray(picture.convert("RGB")) == here).all(axis=-1).sum())
            if seen > 6000:
                break
            assert time.monotonic() < deadline, f"d{version}: {seen} pixels of the node are seen"
            page.wait_for_timeout(100)


@pytest.fixture(scope="module")
def chain(shared_server):
    """The project ``chain``: d0 is made by run 0, d1 by run 1 from d0, and so on; every run uses d0 as well."""
    database = Database(DataFolder(shared_server.data).database)
    with database.write() as db:
        project = db.execute("INSERT INTO projects (entity, name, created_at) VALUES ('local', 'chain', 0)").lastrowid
        sql = "INSERT INTO artifact_types (project_id, name, created_at) VALUES (?, 'data', 0)"
        kind = db.execute(sql, (project,)).lastrowid
        made: list[int] = []
        for number in range(21):
            run = insert(db, "runs", project_id=project, name=f"run {number}", state="finished", heartbeat_at=0)
            place = insert(db, "collections", project_id=project, type_id=kind, name=f"d{number}", portfolio=0)
            own = insert(db, "artifacts", collection_id=place, digest="", state="COMMITTED", version=0)
            member = "INSERT INTO memberships (collection_id, artifact_id, version, created_at) VALUES (?, ?, 0, 0)"
            db.execute(member, (place, own))
            versions.record_use(db, run, own, "output", None)
            for used in {*made[:1], *made[-1:]}:
                versions.record_use(db, run, used, "input", None)
            made.append(own)
    database.close()


def insert(db, table, **columns):
    marks = ", ".join("?" * len(columns))
    sql = f"INSERT INTO {table} ({', '.join(columns)}, created_at, updated_at) VALUES ({marks}, 0, 0)"
    return db.execute(sql, list(columns.values())).lastrowid
