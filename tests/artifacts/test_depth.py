"""Depth of an evaluation on W&B. The models and scenes are those of the tests of `eval`."""

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import wandb

from artifacts import log_evaluation, tracked
from artifacts.depth import CLOUDS, POINTS, depth_cells
from artifacts.edge_cases import edge_case_table
from camvid.taxonomy import load_taxonomy
from eval.evaluate import evaluate
from tests.eval.drawn import SPLIT, ColorModel, sample, street, streets
from tests.eval.measured import DISTANCES, FOCAL, DepthColorModel, camera, measured

TAXONOMY = load_taxonomy("camvid11")
COUNT = CLOUDS + 2
COLUMNS = ["name", "image", "depth", "depth_error_map", "cloud", "class_cloud"]


@pytest.fixture(scope="module")
def samples():
    drawn = [measured(seed) for seed in range(COUNT)]
    return [one._replace(image=one.image ^ np.uint8(1)) for one in drawn]  # a photo has other colours than the classes


@pytest.fixture(scope="module")
def evaluation(samples):
    return evaluate(DepthColorModel(), samples, **SPLIT)


def cells(table: wandb.Table, column: str) -> list[Any]:
    return [row[table.columns.index(column)] for row in table.data]


def points_of(cell: Any) -> np.ndarray:
    return np.array(json.loads(Path(cell._path).read_text()))


def test_pictures_and_clouds_of_the_worst_frames(evaluation, samples):
    table = edge_case_table(evaluation, samples, TAXONOMY, shown=set(range(COUNT)) - {evaluation.records.index[1]})
    assert table.columns[:6] == COLUMNS
    assert [cell is None for cell in cells(table, "depth")] == [False, True] + [False] * CLOUDS
    assert [cell is not None for cell in cells(table, "cloud")] == [True, False, True, True, True, False]
    assert len(set(table.columns)) == len(table.columns)
    for column in ("depth", "depth_error_map"):  # as the frame, which is too narrow for a scale
        assert cells(table, column)[0].image.size == (64, 48)
    assert cells(table, "depth/abs_rel/Pedestrian") == pytest.approx([0] * COUNT)


def test_pictures_that_are_wide_enough_have_a_scale(evaluation, samples):
    one = samples[0]._replace(image=np.zeros((180, 240, 3), np.uint8))
    shown = replace(evaluation, depth=replace(evaluation.depth, predictions=[np.full((180, 240), 9.0, np.float32)]))
    one = one._replace(depth=np.full((180, 240), 10.0, np.float32))
    made = depth_cells(shown, 0, one, TAXONOMY, clouds=False)
    for column, below in (("depth", "viridis"), ("depth_error_map", "red and blue")):
        picture = np.asarray(made[column].image)
        assert picture.shape[1] == 240 and picture.shape[0] > 200, column
        assert len(np.unique(picture[180:].reshape(-1, 3), axis=0)) > 50, f"the scale of {below}"


def test_the_cloud_is_the_street_in_metres(evaluation, samples):
    """Each point goes back to a pixel of its colour and distance."""
    table = edge_case_table(evaluation, samples, TAXONOMY, shown=range(COUNT))
    one = samples[int(evaluation.records.index[0])]
    photo, classes = points_of(cells(table, "cloud")[0]), points_of(cells(table, "class_cloud")[0])
    assert np.array_equal(photo[:, :3], classes[:, :3])
    assert photo.shape == (((one.mask != 0) & (one.mask != 255)).sum(), 6)  # neither the sky nor void
    x, y, forward = photo[:, 0], photo[:, 1], -photo[:, 2]
    rows, columns = np.rint(23.5 - y / forward * FOCAL).astype(int), np.rint(31.5 + x / forward * FOCAL).astype(int)
    assert np.array_equal(photo[:, 3:], one.image[rows, columns])
    labels = evaluation.predictions[int(evaluation.records.index[0])][rows, columns]
    assert np.array_equal(forward.astype(np.float32), DISTANCES[labels])
    assert np.array_equal(classes[:, 3:], TAXONOMY.colors[labels])


def test_a_cloud_of_a_large_frame_has_its_limit():
    large = street(480, 640)
    one = sample(large)._replace(depth=DISTANCES[np.where(large == 255, 3, large)], camera=camera(480, 640))
    table = edge_case_table(evaluate(DepthColorModel(), [one], **SPLIT), [one], TAXONOMY, shown=[0])
    assert POINTS / 2 < len(points_of(cells(table, "cloud")[0])) <= POINTS


def test_a_frame_without_a_mask_has_a_cloud():
    one = measured()
    bare = one._replace(mask=np.full_like(one.mask, 255))
    for classes in (True, False):
        evaluation = evaluate(DepthColorModel(classes), [bare], **SPLIT)
        table = edge_case_table(evaluation, [bare], TAXONOMY, shown=[0])
        assert len(points_of(cells(table, "cloud")[0])) > 1000
    assert not cells(table, "image")[0]._masks  # nothing is known of its classes, and nothing predicted


def test_frames_without_a_camera_have_a_cloud_by_the_focal_length_of_the_training():
    samples = streets(1)
    for focal, made in ((FOCAL, True), (math.nan, False)):
        table = edge_case_table(evaluate(DepthColorModel(focal=focal), samples, **SPLIT), samples, TAXONOMY, shown=[0])
        assert (cells(table, "cloud")[0] is not None) == made
        assert cells(table, "depth")[0] is not None and cells(table, "depth_error_map") == [None]


def test_depth_is_logged_whole(new_run, read_run, evaluation, samples):
    with tracked(new_run()) as run:
        log_evaluation(run, evaluation, samples, TAXONOMY)
    written = read_run(Path(run.sync_dir))
    assert written.summary["val/depth/delta1"] == 1
    assert written.summary["val/depth/abs_rel/Pedestrian"] == written.summary["val/depth/abs_rel/10-20m"] == 0
    assert "val/depth/abs_rel/Sky" not in written.summary
    row = written.history[0]
    assert row["val/depth_classes/nrows"] == 11 and row["val/depth_distances/nrows"] == 4
    (artifact,) = (artifact for artifact in written.artifacts if artifact.type == "evaluation")
    clouds = [entry.path for entry in artifact.manifest.contents if entry.path.endswith(".pts.json")]
    assert len(clouds) == 2 * CLOUDS


def test_a_model_of_depth_alone_is_logged(new_run, read_run, samples):
    evaluation = evaluate(DepthColorModel(classes=False), samples, **SPLIT)
    table = edge_case_table(evaluation, samples, TAXONOMY, shown=range(COUNT))
    assert table.columns[:5] == COLUMNS[:5] and "class_cloud" not in table.columns
    with tracked(new_run()) as run:
        log_evaluation(run, evaluation, samples, TAXONOMY)
    written = read_run(Path(run.sync_dir))
    assert written.summary["val/depth/rmse"] == 0 and "val/miou" not in written.summary
    assert {key.split("/")[1] for key in written.history[0] if key.endswith("nrows")} == {
        "edge_cases",
        "drives",
        "depth_classes",
        "depth_distances",
    }


def test_nothing_of_depth_is_logged_of_classes_alone(samples):
    evaluation = evaluate(ColorModel(), samples, **SPLIT)
    table = edge_case_table(evaluation, samples, TAXONOMY, shown=range(COUNT))
    assert not [column for column in table.columns if "depth" in str(column) or "cloud" in str(column)]


def test_no_data_no_clouds(new_run, read_run, evaluation, samples):
    with tracked(new_run(config={"log_data": "none"})) as run:
        log_evaluation(run, evaluation, samples, TAXONOMY)
    (artifact,) = (each for each in read_run(Path(run.sync_dir)).artifacts if each.type == "evaluation")
    assert not [entry.path for entry in artifact.manifest.contents if not entry.path.endswith(".table.json")]


@pytest.mark.usefixtures("online")
def test_clouds_are_read_back_from_a_server(new_run, evaluation, samples):
    with tracked(new_run()) as run:
        log_evaluation(run, evaluation, samples, TAXONOMY)
    found = wandb.Api().artifact(f"{run.entity}/{run.project}/run-{run.id}-val-evaluation:latest").get("edge_cases")
    assert isinstance(found, wandb.Table)
    assert sum(isinstance(cell, wandb.Object3D) for cell in cells(found, "cloud")) == CLOUDS
