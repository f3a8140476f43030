"""The table of an evaluation's frames, worst first, with pictures."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pandas as pd
import wandb

from artifacts.contents import covering
from artifacts.depth import CLOUDS, depth_cells, depth_columns
from artifacts.leaving import MAX_SIDE
from artifacts.masks import class_labels, evaluation_image, masked_image, shrunk
from camvid.taxonomy import IGNORE_INDEX, Taxonomy
from eval.evaluate import Evaluation, Sample, Samples
from eval.figures import classes_of
from files.jsons import plain
from files.ordered import map_ordered


def edge_case_table(
    evaluation: Evaluation, samples: Samples, taxonomy: Taxonomy, *, shown: Collection[int]
) -> wandb.Table:
    """The edge-case records, worst first, with ground truth, prediction and error over the image, and depth beside it.

    Args:
        evaluation: from `eval.evaluate`.
        samples: the split.
        taxonomy: names and priorities of the classes.
        shown: positions in the split of the frames that get an image; the others have null.

    Returns:
        A table with `name`, `image`, what `depth_columns` names, then the records' columns; counts by object size are
        left to `per_image.csv`. The first `CLOUDS` frames that are shown have clouds.
    """
    records = evaluation.records
    columns = [column for column in records.columns if column != "name" and _is_shown(column)]
    media = ["image", *depth_columns(evaluation)]
    table = wandb.Table(columns=["name", *media, *columns])
    drawn = [int(position) for position in records.index if position in shown]

    def draw(position: int) -> dict[str, Any]:
        return _cells(evaluation, position, samples[position], taxonomy, clouds=position in drawn[:CLOUDS])

    cells = dict(zip(drawn, map_ordered(draw, drawn), strict=True))
    for position, record in zip(records.index, records.to_dict("records"), strict=True):
        pictures = [cells.get(position, {}).get(column) for column in media]
        table.add_data(record["name"], *pictures, *(plain(record[column]) for column in columns))
    return table


def shown_frames(records: pd.DataFrame, most: int) -> set[int]:
    """Positions in the split of the frames that get pictures: the worst, and one for each class that those lack.

    The frames that show such a class take the places of the least bad.

    Args:
        records: as `edge_case_table` gets them.
        most: how many.
    """
    present = records[[f"pixels/{name}/true" for name in classes_of(records)]].to_numpy() > 0  # (frames, C or 0)
    worst = min(most, len(records))
    while True:
        found = covering(present[worst:] & ~present[:worst].any(0), most)
        if worst + len(found) <= most or 2 * worst <= most:
            break
        worst -= 1
    rows = [*range(worst), *(worst + row for row in found)][:most]
    return set(records.index[rows].tolist())


def _is_shown(column: str) -> bool:
    return column.count("/") < 2 or column.startswith("depth/")


def _cells(
    evaluation: Evaluation, position: int, sample: Sample, taxonomy: Taxonomy, *, clouds: bool
) -> dict[str, wandb.Image | wandb.Object3D]:
    """Pictures and clouds of a frame by column."""
    if evaluation.has_classes:
        pred = evaluation.predictions[position]
        image = evaluation_image(sample.image, sample.mask, pred, taxonomy.names, taxonomy.priority, MAX_SIDE)
    else:
        small, truth = shrunk(sample.image, sample.mask, max_side=MAX_SIDE)
        known = {"ground_truth": (truth, class_labels(taxonomy.names))}
        image = masked_image(small, {} if (truth == IGNORE_INDEX).all() else known)
    depth = depth_cells(evaluation, position, sample, taxonomy, clouds=clouds) if evaluation.depth else {}
    return {"image": image, **depth}
