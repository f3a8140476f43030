"""Tables of streets with three kinds of masks, and what is seen of their tiles."""

import itertools

import numpy as np
import wandb

from tests.wandb_local.web.conftest import Visitor
from tests.wandb_local.web.table.steps import GREY, LABELS

ROWS = 120  # more than the grid asks for at once


ERRORS = {250: "correct", 253: "missed"}


THREE = ["truth", "prediction", "error"]


TILES = """grey => [...document.querySelectorAll("#table-grid .ag-center-cols-container .ag-row")]
    .sort((one, other) => one.getAttribute("row-index") - other.getAttribute("row-index"))
    .map(row => [...row.querySelectorAll(".table-tile")].map(tile => {
        const canvas = tile.querySelector("canvas");
        const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
        const bare = pixels.every((value, at) => at % 4 === 3 || value === grey);
        const box = tile.getBoundingClientRect();
        const hidden = [".ag-cell", ".ag-center-cols-viewport"].map(each => tile.closest(each).getBoundingClientRect())
            .some(seen => box.left < seen.left || box.right > seen.right + 1) || box.width < 30 || box.height > 112;
        return tile.innerText + (bare ? " (bare)" : "") + (hidden ? " (hidden)" : "");
    }))"""

WHY = "Pedestrian of 3,187 px on the left, 31 % found; Car of 912 px on the right, not found; 2 false objects: Cyclist"


def street(shift: int) -> wandb.Table:
    """Rows with three kinds of masks over grey pictures; the prediction is that many pixels off."""
    made = []
    for left in (0, 20):
        truth, prediction = np.zeros((2, 48, 64), np.uint8)
        truth[16:24, left : left + 8] = prediction[16:24, left + shift : left + shift + 8] = 1
        error = np.where(truth == prediction, 250, 253).astype(np.uint8)
        given = {"truth": (truth, LABELS), "prediction": (prediction, LABELS), "error": (error, ERRORS)}
        masks = {name: {"mask_data": mask, "class_labels": labels} for name, (mask, labels) in given.items()}
        made.append(wandb.Image(np.full((48, 64, 3), GREY, np.uint8), masks=masks, file_type="png"))
    table = wandb.Table(columns=["name", "priority_score", "image", "why"])
    for number, image in zip(range(ROWS), itertools.cycle(made), strict=False):
        table.add_data(f"frame {number:03}", number / ROWS, image, WHY)
    return table


def all_rows_show(visitor: Visitor, names: list[str]) -> None:
    """Wait until there are rows, and each of them shows these tiles and no others, with their masks."""
    found = f"({TILES})({GREY[0]}).map(names => names.join())"
    visitor.eventually(f"[...new Set({found})]", [",".join(names)])
    assert visitor.page.locator("#table-grid .ag-row .table-tile").count() >= 3 * len(names)
