"""An evaluation on W&B: tables of frames and of objects, the confusion matrix, the metrics in the summary."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

import pandas as pd
import wandb

from artifacts.contents import shown_note
from artifacts.edge_cases import edge_case_table, shown_frames
from artifacts.leaving import MAX_IMAGES, shows_frames
from artifacts.masks import Mask, class_colors, crop_image
from artifacts.publish import artifact_name, publish
from camvid.taxonomy import Taxonomy
from eval.drives import drive_scores
from eval.edge_cases import frames_found, frames_missed
from eval.evaluate import Evaluation, Samples
from eval.failures import BOX, KINDS
from files.jsons import plain
from files.ordered import map_ordered


def object_table(
    failures: pd.DataFrame,
    samples: Samples,
    predictions: Sequence[Mask],
    taxonomy: Taxonomy,
    *,
    shown: Collection[int],
    max_images: int = MAX_IMAGES,
) -> wandb.Table:
    """One row for each object that failed, what weighs most first, with a crop of its frame.

    Args:
        failures: rows of `Evaluation.failures`.
        samples: the split.
        predictions: (H, W) uint8 masks in the order of the split.
        taxonomy: names and priorities of the classes.
        shown: positions in the split of the frames that may be seen; an object of another one has null.
        max_images: objects that get a crop, from the first on; the others have null.

    Returns:
        A table with `name`, `crop`, then the columns of the rows but their kind, which is one.
    """
    columns = [column for column in failures.columns if column not in ("name", "kind")]
    positions, rows = failures.index.tolist(), failures.to_dict("records")
    seen = [place for place in range(min(len(rows), max_images)) if positions[place] in shown]

    def crop(found: tuple[int, list[int]]) -> list[tuple[int, wandb.Image]]:
        """Places of one frame, and their crops."""
        position, places = found
        sample, pred = samples[position], predictions[position]
        boxes = [tuple(int(rows[place][side]) for side in BOX) for place in places]
        classes = taxonomy.names, taxonomy.priority
        images = [crop_image(sample.image, sample.mask, pred, box, *classes) for box in boxes]
        return list(zip(places, images, strict=True))

    frames: dict[int, list[int]] = {}
    for place in seen:
        frames.setdefault(positions[place], []).append(place)
    crops = dict(chain.from_iterable(map_ordered(crop, sorted(frames.items()))))
    table = wandb.Table(columns=["name", "crop", *columns])
    for place, row in enumerate(rows):
        table.add_data(row["name"], crops.get(place), *(plain(row[column]) for column in columns))
    return table


def confusion_table(counts: Sequence[Sequence[int]], class_names: Sequence[str]) -> wandb.Table:
    """The confusion matrix, (C, C) pixels with rows the truth, as the C² rows that W&B's chart draws."""
    rows: list[Iterable[Any]] = [
        [actual, predicted, int(pixels)]
        for actual, line in zip(class_names, counts, strict=True)
        for predicted, pixels in zip(class_names, line, strict=True)
    ]
    return wandb.Table(columns=["Actual", "Predicted", "nPredictions"], data=rows)


def log_evaluation(
    run: wandb.Run,
    evaluation: Evaluation,
    samples: Samples,
    taxonomy: Taxonomy,
    prefix: str = "val",
    *,
    max_images: int = MAX_IMAGES,
) -> None:
    """Log an evaluation under `prefix`: tables, confusion matrix, and every metric as a plain number in the summary.

    `<prefix>/edge_cases` has every image, `<prefix>/missed` and `<prefix>/found` are its two views, and
    `<prefix>/missed_objects` and `<prefix>/false_objects` have a row for each object, with crops of the images that
    `edge_cases` shows, and `<prefix>/drives` one for each drive. `<prefix>/depth_classes` and
    `<prefix>/depth_distances` have the errors of depth. All lie in one artifact, in which each picture is stored once.
    With log_data=none in the run's config they have no pictures. Without classes or depth their tables are left out.

    Args:
        run: where to.
        evaluation: from `eval.evaluate`.
        samples: the split it was made on.
        taxonomy: names and priorities of the classes.
        prefix: the split, e.g. val or test.
        max_images: rows of a table that get an image, see `shown_frames`.
    """
    most = max_images if shows_frames(run) else 0
    shown = shown_frames(evaluation.records, most)
    tables = {"edge_cases": edge_case_table(evaluation, samples, taxonomy, shown=shown)}
    if evaluation.has_classes:
        tables |= _class_tables(evaluation, samples, taxonomy, tables["edge_cases"], shown, most)
    tables["drives"] = wandb.Table(dataframe=drive_scores(evaluation).reset_index())
    if evaluation.depth:
        parts = {"depth_classes": evaluation.depth.by_class(), "depth_distances": evaluation.depth.by_distance()}
        tables |= {key: wandb.Table(dataframe=part.reset_index()) for key, part in parts.items()}
    metadata = {"class_colors": class_colors(taxonomy)}
    name = artifact_name(f"run-{run.id}", f"-{prefix}-evaluation")
    note = shown_note(len(shown), len(samples))
    artifact = wandb.Artifact(name, type="evaluation", description=note or None, metadata=metadata)
    for key, part in tables.items():
        artifact.add(part, key)
    publish(run, artifact)
    charts: dict[str, Any] = {f"{prefix}/{key}": part for key, part in tables.items()}
    if evaluation.has_classes:
        charts[f"{prefix}/confusion_matrix"] = wandb.plot_table(
            vega_spec_name="wandb/confusion_matrix/v1",
            data_table=confusion_table(evaluation.confusion.tolist(), taxonomy.names),
            fields={key: key for key in ("Actual", "Predicted", "nPredictions")},
            string_fields={"title": f"Confusion matrix, {prefix} (pixels)"},
        )
    if epoch := run.summary.get("epoch"):  # type: ignore[no-untyped-call]
        charts["epoch"] = epoch  # else 0 in a process that resumed a training after its last epoch
    run.log(charts)
    run.summary.update(_measured(evaluation.metrics, prefix))


def _class_tables(
    evaluation: Evaluation,
    samples: Samples,
    taxonomy: Taxonomy,
    table: wandb.Table,
    shown: Collection[int],
    max_images: int,
) -> dict[str, wandb.Table]:
    """The two views of the edge-case table, and the tables of objects."""
    records, failures = evaluation.records, evaluation.failures
    tables = {"missed": _view(table, frames_missed(records)), "found": _view(table, frames_found(records))}
    for kind in KINDS:
        failed = failures[failures["kind"] == kind]
        tables[f"{kind}_objects"] = object_table(
            failed, samples, evaluation.predictions, taxonomy, shown=shown, max_images=max_images
        )
    return tables


def _view(table: wandb.Table, records: pd.DataFrame) -> wandb.Table:
    """The rows of the table whose names are in the records."""
    names = set(records["name"])
    return wandb.Table(columns=list(table.columns), data=[row for row in table.data if row[0] in names])


def _measured(metrics: Mapping[str, float], prefix: str) -> dict[str, float]:
    return {f"{prefix}/{key}": float(value) for key, value in metrics.items() if not math.isnan(value)}
