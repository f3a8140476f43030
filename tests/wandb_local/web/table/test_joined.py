"""Joined and partitioned tables in an artifact of the real client."""

from typing import Any

import numpy as np
import pytest
import wandb
from playwright.sync_api import expect
from wandb.data_types import JoinedTable, PartitionedTable

from tests.wandb_local.web.conftest import Visitor
from tests.wandb_local.web.table.steps import column, count
from wandb_local.errors import NotFoundError
from wandb_local.web.table.boxes import Box
from wandb_local.web.table.cells import Column, Label, OverlaySet, Picture, Table
from wandb_local.web.table.joined import join


@pytest.fixture(scope="module")
def version(client_home: dict[str, str]) -> str:
    """An artifact with two tables, their join, the same tables as parts of one, and what cannot be shown."""
    assert client_home
    frames = wandb.Table(columns=["name", "town", "image"])
    scores = wandb.Table(columns=["frame", "dice"])
    for number in range(3):
        frames.add_data(f"frame {number}", "<b>Cambridge</b>", wandb.Image(np.zeros((8, 8, 3), np.uint8)))
        scores.add_data(f"frame {number + 1}", number / 4)
    with wandb.init(project="tables", name="joins", entity="local") as run:
        artifact = wandb.Artifact("joins", "dataset")
        artifact.add(frames, "frames")
        artifact.add(scores, "scores")
        artifact.add(JoinedTable(frames, scores, ["name", "frame"]), "both")
        artifact.add(JoinedTable(frames, scores, "elsewhere"), "hopeless")
        for number, name in enumerate("nnm"):
            artifact.add(wandb.Table(columns=[name], data=[[10 * number], [10 * number + 1]]), f"parts/{number}")
        artifact.add(PartitionedTable("parts"), "whole")
        run.log_artifact(artifact).wait()
    return "/local/tables/artifacts/dataset/joins/v0/files"


def open_file(visitor: Visitor, version: str, name: str) -> Any:
    """The page of a table among the files of an artifact's version."""
    page = visitor.open(version)
    page.locator("#artifact-files .ag-row", has_text=name).get_by_role("link", name="open").click()
    return page


@pytest.mark.soak
def test_joined_and_partitioned_tables_are_tables(visitor: Visitor, version):
    page = open_file(visitor, version, "both.joined-table.json")
    count(page, "2 of 2")
    heads = page.locator("#table-grid .ag-header-cell-text")
    expect(heads).to_have_text(["#", "table1.image", "name", "table1.town", "table2.dice"])
    expect(column(page, 0)).to_have_text(["frame 1", "frame 2"])
    expect(column(page, 1)).to_have_text(["<b>Cambridge</b>"] * 2)
    expect(column(page, 3)).to_have_text(["0", "0.25"])
    expect(page.locator(".table-faults p")).to_have_text(
        [
            f"1 rows of {side} are not shown, because the other table has no row with the same key"
            for side in ("table1", "table2")
        ]
    )
    page = open_file(visitor, version, "whole.partitioned-table.json")
    count(page, "4 of 4")
    expect(column(page, 0)).to_have_text(["0", "1", "10", "11"])
    fault = "1 of 3 parts have other columns than parts/0.table.json and are left out"
    expect(page.locator(".table-faults p")).to_have_text([fault])
    page = open_file(visitor, version, "hopeless.joined-table.json")
    expect(page.locator("main")).to_contain_text("table1 has no column 'elsewhere' to join on")


def table(name: str, rows: list[list[Any]], label: str) -> Table:
    labels = {0: Label(label, "#111111", "#222222")}
    columns = (Column("key", "number"), Column(name, "text"), Column("image", "image"))
    pictures = [(Picture(None, "", boxes={"set": (Box(0, (0, 0, 1, 1), False),)}),)] * len(rows)
    whole = [[*row, picture] for row, picture in zip(rows, pictures, strict=True)]
    return Table(columns, whole, (OverlaySet("set", boxes=labels),))


def test_all_rows_with_the_same_key_meet():
    one = table("left", [[1, "a"], [1, "b"], [2, "c"], [None, "d"]], "road")
    other = table("right", [[1, "A"], [1, "B"], [3, "C"], [None, "D"]], "car")
    both = join(one, other, ("key", "key"))
    place = [column.name for column in both.columns].index("table2.right")
    assert [(row[0], row[1], row[place]) for row in both.rows] == [
        (1, "a", "A"),
        (1, "a", "B"),
        (1, "b", "A"),
        (1, "b", "B"),
    ]
    assert [fault.split(" are")[0] for fault in both.faults] == ["2 rows of table1", "2 rows of table2"]
    assert [each.name for each in both.sets] == ["set", "set (table2)"]  # other classes: another set
    same = join(one, table("right", [[1, "A"]], "road"), ("key", "key"))
    assert [each.name for each in same.sets] == ["set"]
    with pytest.raises(NotFoundError, match="table2 has no column 'left'"):
        join(one, other, ("left", "left"))
