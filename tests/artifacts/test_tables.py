import json
import math
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
import wandb
from PIL import Image
from torch import nn

from artifacts import log_evaluation, tracked
from artifacts.edge_cases import edge_case_table, shown_frames
from artifacts.masks import error_mask
from artifacts.tables import confusion_table, object_table
from camvid.taxonomy import IGNORE_INDEX, load_taxonomy
from eval.evaluate import Evaluation, Sample, evaluate

TAXONOMY = load_taxonomy("camvid11")
NAMES = TAXONOMY.names
TABLES = ("edge_cases", "missed", "found", "missed_objects", "false_objects", "drives")
ROAD, CAR = NAMES.index("Road"), NAMES.index("Car")


@pytest.fixture(scope="module")
def samples() -> list[Sample]:
    """Five frames of 30x40; a frame's number is the count of its rows that are cars, so that Dice differ."""
    rng = np.random.default_rng(1)
    frames = []
    for number in range(5):
        image = rng.integers(0, 256, (30, 40, 3), dtype=np.uint8)
        mask = np.full((30, 40), ROAD, np.uint8)
        mask[: number * 4] = CAR
        mask[-1] = IGNORE_INDEX
        image[mask == CAR, 0] = np.where(rng.random((mask == CAR).sum()) < 0.18 * number, 255, 0)
        image[mask != CAR, 0] = 0
        frames.append(Sample(f"frame_{number}", image, mask, "seq"))
    return frames


class Reddish(nn.Module):
    """Says Car where the image is red, else Road."""

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        logits = torch.full((len(image), len(NAMES), *image.shape[2:]), -1.0)
        logits[:, ROAD] = 0.5
        logits[:, CAR] = image[:, 0]
        return logits


@pytest.fixture(scope="module")
def evaluation(samples) -> Evaluation:
    return evaluate(
        Reddish(),
        samples,
        num_classes=len(NAMES),
        class_names=NAMES,
        priority=TAXONOMY.priority,
        background=TAXONOMY.background,
        progress=False,
    )


@pytest.fixture
def table(evaluation, samples) -> wandb.Table:
    return edge_case_table(evaluation, samples, TAXONOMY, shown=range(5))


def cells(table: wandb.Table, column: str) -> list[Any]:
    return [row[table.columns.index(column)] for row in table.data]


def test_table_is_the_records_worst_first(table, evaluation):
    assert cells(table, "name") == evaluation.records["name"].tolist()
    assert cells(table, "flagged") == [True, True, False, False, False]
    assert table.columns[:2] == ["name", "image"]
    for column in ("dice/Car", "priority_score", "missed_area", "objects/Car", "matched/Car"):
        assert [math.nan if cell is None else cell for cell in cells(table, column)] == pytest.approx(
            evaluation.records[column].tolist(), nan_ok=True
        )
    assert "objects/Car/small" not in table.columns


def test_cells_are_plain_and_absent_classes_null(table, evaluation):
    values = [value for row in table.data for value in row[2:]]
    assert {type(value) for value in values} <= {str, bool, int, float, type(None)}
    assert not any(isinstance(value, float) and math.isnan(value) for value in values)
    assert cells(table, "dice/Pedestrian") == [None] * 5
    assert cells(table, "dice/Car")[0] == pytest.approx(evaluation.records["dice/Car"].iloc[0])


def test_only_the_worst_get_images(evaluation, samples):
    table = edge_case_table(evaluation, samples, TAXONOMY, shown=shown_frames(evaluation.records, 2))
    assert [image is not None for image in cells(table, "image")] == [True, True, False, False, False]


def records_of(classes):
    """Records, worst first, of frames that have these classes; positions run backwards."""
    rows = [{f"pixels/{name}/true": int(name in those) for name in "abc"} for those in classes]
    return pd.DataFrame(rows, index=range(len(rows))[::-1])


@pytest.mark.parametrize(
    ("classes", "most", "rows"),
    [
        (["a"] * 6, 4, [0, 1, 2, 3]),
        (["a"] * 3, 4, [0, 1, 2]),
        (["a", "a", "a", "a", "a", "ab"], 4, [0, 1, 2, 5]),
        (["a", "a", "a", "b", "a", "c"], 4, [0, 1, 5, 3]),  # which would lose b: it stays
        (["a", "a", "a", "a", "b", "c", "b"], 4, [0, 1, 4, 5]),
        (["a", "a", "a", "b", "c"], 2, [0, 3]),  # half of them are the worst, whatever they lack
        (["a", "b", "c"], 0, []),
    ],
)
def test_pictures_are_of_the_worst_frames_and_of_each_class(classes, most, rows):
    records = records_of(classes)
    assert shown_frames(records, most) == {int(records.index[row]) for row in rows}


def test_beside_the_tables_it_says_how_many_frames_have_pictures(new_run, read_run, evaluation, samples):
    with tracked(new_run()) as run:
        log_evaluation(run, evaluation, samples, TAXONOMY, max_images=2)
    (artifact,) = (each for each in read_run(Path(run.sync_dir)).artifacts if each.type == "evaluation")
    assert artifact.description == "2 of 5 frames have pictures, chosen so that they show every class if they can"


def test_overlays_of_each_image(new_run, evaluation, samples):
    with tracked(new_run()) as run:
        artifact = wandb.Artifact("a", "evaluation")
        artifact.add(edge_case_table(evaluation, samples, TAXONOMY, shown=range(5)), "t")
    rows = json.loads(Path(artifact.manifest.entries["t.table.json"].local_path or "").read_text())["data"]
    for position, row in zip(evaluation.records.index, rows, strict=True):
        sample, pred = samples[position], evaluation.predictions[position]
        assert row[0] == sample.name
        masks = {key: _picture(artifact, cell["path"]) for key, cell in row[1]["masks"].items()}
        np.testing.assert_array_equal(masks["ground_truth"], sample.mask)
        np.testing.assert_array_equal(masks["prediction"], pred)
        np.testing.assert_array_equal(masks["error"], error_mask(sample.mask, pred, TAXONOMY.priority))
        picture = _picture(artifact, row[1]["path"]).astype(int)
        assert picture.shape == sample.image.shape
    assert run.id


def _picture(artifact: wandb.Artifact, name: str) -> np.ndarray:
    return np.asarray(Image.open(artifact.manifest.entries[name].local_path or ""))


def test_objects_have_crops_of_the_frames_that_may_be_seen(evaluation, samples):
    """The cars of 8 and 4 rows; around each are 24 pixels at least, as far as the frame goes."""
    what: Any = (evaluation.failures, samples, evaluation.predictions, TAXONOMY)
    table = object_table(*what, shown={1, 2})
    assert table.columns[:5] == ["name", "crop", "sequence", "class", "size"]
    assert cells(table, "name") == ["frame_2", "frame_1"]
    assert cells(table, "pixels") == [8 * 40, 4 * 40]
    assert cells(table, "instead") == ["Road", "Road"]
    found = [(evaluation.predictions[number][: 4 * number] == CAR).mean() for number in (2, 1)]
    assert cells(table, "overlap") == pytest.approx(found)
    assert [crop.image.size for crop in cells(table, "crop")] == [(40, 30), (40, 28)]
    hidden = object_table(*what, shown={1, 2}, max_images=1)
    assert [crop is not None for crop in cells(hidden, "crop")] == [True, False]
    assert cells(object_table(*what, shown={1}), "crop")[0] is None


def test_confusion_table_by_hand():
    table = confusion_table([[3, 1], [0, 2]], ["a", "b"])
    assert table.data == [["a", "a", 3], ["a", "b", 1], ["b", "a", 0], ["b", "b", 2]]


def test_evaluation_is_logged_whole(new_run, read_run, evaluation, samples):
    with tracked(new_run()) as run:
        log_evaluation(run, evaluation, samples, TAXONOMY, "test")
    written = read_run(Path(run.sync_dir))
    assert written.summary["test/miou"] == pytest.approx(evaluation.metrics["miou"])
    assert written.summary["test/dice/Car"] == pytest.approx(evaluation.metrics["dice/Car"])
    assert "test/dice/Pedestrian" not in written.summary
    row = written.history[0]
    counts = {key: row[f"test/{key}/nrows"] for key in TABLES}
    assert counts == {"edge_cases": 5, "missed": 2, "found": 2, "missed_objects": 2, "false_objects": 0, "drives": 1}
    (artifact,) = (artifact for artifact in written.artifacts if artifact.type == "evaluation")
    assert artifact.name == f"run-{run.id}-test-evaluation"
    paths = [entry.path for entry in artifact.manifest.contents]
    assert sorted(path for path in paths if "/" not in path) == [f"{t}.table.json" for t in sorted(TABLES)]
    assert (
        len([path for path in paths if path.endswith(".jpg")]) == 5 + 1
    )  # a crop that is the whole frame is no other picture
    assert len([path for path in paths if path.endswith(".png")]) <= 15 + 3


def test_tables_stand_at_the_last_epoch_of_a_training_that_was_resumed_after_it(new_run, read_run, evaluation, samples):
    with tracked(new_run()) as run:
        run.summary["epoch"] = 4  # as a server gives it; this process has logged no epoch
        log_evaluation(run, evaluation, samples, TAXONOMY)
    assert read_run(Path(run.sync_dir)).history[0]["epoch"] == 4


def test_views_are_the_frames_of_evals_views(new_run, read_run, evaluation, samples):
    with tracked(new_run()) as run:
        log_evaluation(run, evaluation, samples, TAXONOMY)
    files = Path(run.sync_dir) / "files"
    names = {}
    for key in ("edge_cases", "missed", "found", "missed_objects"):
        (path,) = (files / "media" / "table" / "val").glob(f"{key}_[0-9]*.table.json")
        names[key] = [row[0] for row in json.loads(path.read_text())["data"]]
    present = evaluation.records[evaluation.records["present"] != ""]
    assert names["missed"] == present[present["missed"] != ""]["name"].tolist()
    assert names["found"] == present[present["missed"] == ""]["name"].tolist()
    assert len(names["edge_cases"]) == 5
    assert names["missed_objects"] == ["frame_2", "frame_1"]  # by area


@pytest.mark.usefixtures("online")
def test_tables_are_read_back_equal_from_a_server(new_run, evaluation, samples, table):
    with tracked(new_run()) as run:
        log_evaluation(run, evaluation, samples, TAXONOMY)
    kept = [path for path in Path(os.environ["WANDB_CACHE_DIR"]).rglob("obj/md5/*/*") if _is_picture(path)]
    assert not kept  # the server has them; the client's cache would hold a second copy
    found = wandb.Api().artifact(f"{run.entity}/{run.project}/run-{run.id}-val-evaluation:latest").get("edge_cases")
    assert isinstance(found, wandb.Table)
    assert found.columns == table.columns
    assert [[row[0], *row[2:]] for row in found.data] == [[row[0], *row[2:]] for row in table.data]
    images = cells(found, "image")
    assert all(isinstance(image, wandb.Image) and image.image and image.image.size == (40, 30) for image in images)
    assert wandb.Api().run(run.path).summary["val/miou"] == pytest.approx(evaluation.metrics["miou"])


def _is_picture(path: Path) -> bool:
    return path.read_bytes()[:4] in (b"\x89PNG", b"\xff\xd8\xff\xe0")


def test_disabled_runs_evaluate_as_well(new_run, evaluation, samples, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "disabled")
    with tracked(new_run()) as run:
        log_evaluation(run, evaluation, samples, TAXONOMY)
