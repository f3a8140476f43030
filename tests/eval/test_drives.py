import numpy as np
import pytest

from eval.drives import drive_scores
from eval.evaluate import evaluate
from eval.writers.page import report_page
from eval.writers.table import drive_table
from tests.eval.drawn import NAMES, SPLIT, ColorModel, sample, street


def scenes():
    """Two drives: in the first all is right, in the second cars are seen as road."""
    good = [sample(street(seed=seed), name=f"a_{seed}", sequence="a") for seed in range(3)]
    blind = []
    for seed in range(3, 5):
        truth = street(seed=seed)
        shown = np.where(truth == 8, 3, np.where(truth == 255, 0, truth))
        blind.append(sample(truth, shown, name=f"b_{seed}", sequence="b"))
    return good + blind


def test_each_drive_has_the_figures_of_its_own_frames():
    frames = scenes()
    scores = drive_scores(evaluate(ColorModel(), frames, **SPLIT))
    assert list(scores.index) == ["a", "b"]
    assert scores["frames"].tolist() == [3, 2]
    assert {scores.loc["a", key] for key in ("miou", "priority_dice", "object_f1", "dice/Car")} == {1}
    assert scores.loc["b", "dice/Car"] == 0
    for drive, part in (("a", frames[:3]), ("b", frames[3:])):
        alone = evaluate(ColorModel(), part, **SPLIT).metrics
        for key in (
            "miou",
            "priority_dice",
            "object_recall",
            "object_precision",
            "object_f1",
            "false_alarms",
            "edge_case_rate",
        ):
            assert scores.loc[drive, key] == pytest.approx(alone[key], nan_ok=True), (drive, key)
        for name in (NAMES[index] for index in SPLIT["priority"]):
            assert scores.loc[drive, f"dice/{name}"] == pytest.approx(alone[f"dice/{name}"], nan_ok=True)


def test_drives_are_shown_where_there_are_several():
    evaluation = evaluate(ColorModel(), scenes(), **SPLIT)
    head, *rows = drive_table(evaluation).splitlines()
    assert head.split() == ["drive", "frames", "miou", "priority_dice", "object_f1", "false_alarms"]
    assert [row.split()[:2] for row in rows] == [["a", "3"], ["b", "2"]]
    page = report_page("title", evaluation.metrics, evaluation, ["worst.png"])
    assert "<td>a</td><td>3</td><td>1.000</td>" in page
    alone = evaluate(ColorModel(), scenes()[:2], **SPLIT)
    assert drive_table(alone) == ""
    assert "<td>a</td><td>2</td>" in report_page("title", alone.metrics, alone, ["worst.png"])


def test_frames_without_a_drive_are_one():
    frames = [sample(street(seed=seed), name=f"{seed}") for seed in range(2)]
    assert drive_scores(evaluate(ColorModel(), frames, **SPLIT)).index.tolist() == [""]


def test_a_class_that_is_only_predicted_counts_in_one_mean_and_not_in_the_other():
    truth = np.full((32, 32), 3, np.uint8)
    shown = truth.copy()
    shown[:16] = 8
    metrics = evaluate(ColorModel(), [sample(truth, shown)], **SPLIT).metrics
    assert (metrics["miou"], metrics["miou_true"]) == (0.25, 0.5)
