import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.metrics import f1_score

from eval.compare import Change, compare_records, judge, latency_change, read_counts
from eval.edge_cases import rank
from eval.evaluate import evaluate
from eval.files import write_text
from eval.metrics import dice
from eval.objects import object_scores
from eval.table import change_table
from tests.eval.drawn import NAMES, PRIORITY, SPLIT, ColorModel, sample, street

PRIORITY_NAMES = [NAMES[index] for index in PRIORITY]
CARS = ["Car"]


def shown(seed, spoil):
    """A small scene and what a model makes of it that takes a share of the cars and pedestrians for road."""
    truth, rng = street(seed=seed), np.random.default_rng(1000 + seed)
    pred = np.where(truth == 255, 3, truth)
    pred[np.isin(truth, (8, 9)) & (rng.random(truth.shape) < spoil)] = 3
    return truth, pred


@pytest.fixture(scope="module")
def split():
    return range(24)


def evaluated(seeds, spoil):
    """The evaluation of a model that misses `spoil(seed)` of the cars and pedestrians of a scene."""
    scenes = [(seed, *shown(seed, spoil(seed))) for seed in seeds]
    samples = [sample(truth, pred, name=f"frame{seed}") for seed, truth, pred in scenes]
    return evaluate(ColorModel(), samples, **SPLIT, progress=False)


@pytest.fixture(scope="module")
def good(split):
    return evaluated(split, lambda seed: 0.05 * (seed % 5))


@pytest.fixture(scope="module")
def bad(split):
    return evaluated(split, lambda seed: 0.1 + 0.1 * (seed % 5))


def compared(before, after, **options):
    settings: dict[str, Any] = {"priority": PRIORITY_NAMES, "tolerance": 0.02} | options
    return {change.key: change for change in compare_records(before, after, **settings)}


def test_scores_are_those_of_the_evaluation(good, bad):
    changes = compared(bad.records, good.records)
    for side, evaluation in (("before", bad), ("after", good)):
        matching = [f"object_{key}/Car" for key in ("recall", "precision", "f1")]
        for key in ("dice/Car", "dice/Pedestrian", *matching, "miou", "priority_dice"):
            assert getattr(changes[key], side) == pytest.approx(evaluation.metrics[key], abs=1e-12)


def test_the_counts_of_a_frame_are_its_confusion_matrix(bad, split):
    row = bad.records.set_index("name").loc["frame7"]
    truth, pred = shown(7, 0.1 + 0.1 * (7 % 5))
    valid = truth != 255
    score = f1_score(truth[valid] == 8, pred[valid] == 8)
    true, predicted, common = (row[f"pixels/Car/{key}"] for key in ("true", "predicted", "common"))
    assert (true, predicted) == ((truth == 8).sum(), (pred[valid] == 8).sum())
    assert 2 * common / (true + predicted) == pytest.approx(score)


def test_intervals_agree_with_those_of_images_drawn_one_by_one(good, bad):
    """Dice and recall of each resample are computed from the frames it drew: five runs of five of the 24 frames."""
    changes = compared(bad.records, good.records, resamples=4000)
    sides = [evaluation.records.sort_values("name") for evaluation in (bad, good)]

    def dice_of(records, positions):
        drawn = records.iloc[positions]
        pixels = drawn["pixels/Car/true"].sum() + drawn["pixels/Car/predicted"].sum()
        return 2 * drawn["pixels/Car/common"].sum() / pixels

    def recall_of(records, positions):
        return object_scores(records.iloc[positions], CARS)["object_recall/Car"]

    starts = np.random.default_rng(1).integers(24, size=(1000, 5))
    for key, score in (("dice/Car", dice_of), ("object_recall/Car", recall_of)):
        differences = []
        for first in starts:
            positions = [(start + step) % 24 for start in first for step in range(5)]
            differences.append(score(sides[1], positions) - score(sides[0], positions))
        low, high = np.quantile(differences, (0.025, 0.975))
        width = changes[key].high - changes[key].low
        assert width > 0.01
        assert changes[key].low == pytest.approx(low, abs=0.1 * width)
        assert changes[key].high == pytest.approx(high, abs=0.1 * width)


def test_a_stretch_of_a_drive_counts_as_little_more_than_a_frame():
    """Sixty frames of which a third fall, one after the other or here and there."""

    def records(found):
        columns = {f"pixels/Car/{key}": values for key, values in (("predicted", found), ("common", found))}
        names = [f"frame{number:02}" for number in range(60)]
        return pd.DataFrame(
            {"name": names, "pixels/Car/true": 100, "objects/Car": 1, "matched/Car": 1, "false_alarms/Car": 0} | columns
        )

    stretch = np.where(np.arange(60) < 20, 70, 80)
    scattered = np.random.default_rng(0).permutation(stretch)
    widths = []
    for found in (stretch, scattered):
        change = compared(records(np.full(60, 80)), records(found), priority=CARS)["dice/Car"]
        widths.append(change.high - change.low)
    assert widths[0] > 1.8 * widths[1]


def test_draws_are_paired_and_seeded(good, bad):
    """Unpaired draws of one model against itself would differ."""
    judged = [change for change in compared(good.records, good.records).values() if change.verdict != "absent"]
    assert len(judged) == 10
    assert all(change.low == change.high == 0 for change in judged)
    first, second = (compared(bad.records, good.records, resamples=50) for _ in range(2))
    assert first["dice/Car"] == second["dice/Car"]
    other = compared(bad.records, good.records, resamples=50, seed=1)
    assert other["dice/Car"].low != first["dice/Car"].low


def test_chunks_change_nothing(good, bad, monkeypatch):
    whole = compared(bad.records, good.records, resamples=101)
    monkeypatch.setattr("eval.compare._CHUNK", 24 * 7)
    assert compared(bad.records, good.records, resamples=101)["dice/Car"] == whole["dice/Car"]


def test_verdicts(good, bad):
    worse, better = compared(good.records, bad.records), compared(bad.records, good.records)
    for key in ("dice/Car", "dice/Pedestrian"):
        assert (worse[key].verdict, better[key].verdict) == ("worse", "better")
    assert compared(good.records, bad.records, tolerance=0.9)["dice/Car"].verdict == "same"
    for key in ("priority_dice", "object_f1/Car"):
        assert worse[key].verdict == "same"  # they inform, they do not judge
    for key in ("dice/Bicyclist", "object_recall/Bicyclist"):
        assert worse[key].verdict == "absent"
        assert math.isnan(worse[key].before)


def test_one_bad_frame_is_no_proof(good, split):
    """A drop that hangs on a single image is unclear: it is gone in the draws that leave the image out."""
    unlucky = evaluated(split, lambda seed: 0.9 if seed == 3 else 0.05 * (seed % 5))
    change = compared(good.records, unlucky.records, tolerance=0.01)["dice/Pedestrian"]
    assert change.after < change.before - 0.01
    assert change.verdict == "unclear"


@pytest.mark.parametrize(("frames", "verdict"), [(1, "unclear"), (5, "unclear"), (6, "worse")])
@pytest.mark.parametrize("others", [0, 18])
def test_few_frames_are_no_proof(frames, others, verdict):
    """All frames that have a class fall, by chance as often as 1 / 2^frames: draws of one frame alone never differ."""
    truth = np.array([100] * frames + [0] * others)
    counts = {"name": [f"frame{number}" for number in range(len(truth))], "pixels/Car/true": truth}

    def model(share):
        found = (truth * share).astype(int)
        columns = {"pixels/Car/predicted": found, "pixels/Car/common": found, "objects/Car": truth > 0}
        return pd.DataFrame(counts | columns | {"matched/Car": 0, "false_alarms/Car": 0})

    change = compared(model(0.9), model(0.8), priority=CARS)["dice/Car"]
    assert change.verdict == verdict
    assert (change.high < 0) == (verdict == "worse")


@pytest.mark.parametrize(
    ("change", "low", "high", "verdict"),
    [
        (-0.03, -0.05, -0.01, "worse"),
        (-0.03, -0.07, 0.01, "unclear"),
        (-0.03, -0.07, 0.0, "unclear"),
        (-0.02, -0.03, -0.01, "same"),
        (0.03, -0.01, 0.07, "same"),
        (0.03, 0.01, 0.05, "better"),
    ],
)
def test_judgement(change, low, high, verdict):
    assert judge(change, low, high, tolerance=0.02) == verdict


def test_a_class_that_only_the_prediction_has_is_not_judged(good):
    """Hallucinated pixels make Dice 0, but there is nothing to miss."""
    records = good.records.assign(**{"pixels/Bicyclist/predicted": 5})
    assert compared(good.records, records)["dice/Bicyclist"].verdict == "absent"


def test_latency_is_judged_by_its_share():
    assert latency_change([10, 11, 30], [12, 13, 12], limit=0.2) == Change("latency_ms", 10, 12, -18, 2, "same")
    assert latency_change([10, 10, 10], [12.1, 12.1, 12.1], limit=0.2).verdict == "worse"
    assert latency_change([10, 10, 10], [8, 9, 9.9], limit=0.2).verdict == "better"


def test_records_come_back_from_the_file(good, bad, tmp_path):
    path = tmp_path / "per_image.csv"
    good.records.assign(name="NA" + good.records["name"]).to_csv(path, index=False, float_format="%.6g")
    read = read_counts(path)
    assert set(read["name"]) == {f"NAframe{seed}" for seed in range(24)}
    read["name"] = read["name"].str.removeprefix("NA")
    assert compared(bad.records, read)["dice/Car"] == compared(bad.records, good.records)["dice/Car"]


@pytest.mark.parametrize("text", ["", "name,dice/Car\nframe1,0.5\n", 'a,"b\n'])
def test_a_table_without_counts_is_named(tmp_path, text):
    write_text(tmp_path / "per_image.csv", text)
    with pytest.raises(ValueError, match=r"per_image\.csv"):
        read_counts(tmp_path / "per_image.csv")


def test_a_table_that_an_older_version_wrote_is_named(good, tmp_path):
    older = good.records.rename(columns=lambda column: column.replace("matched/", "kept/"))
    write_text(tmp_path / "per_image.csv", older.to_csv(index=False))
    with pytest.raises(ValueError, match=r"per_image\.csv: has no counts of matched objects; evaluate the model again"):
        read_counts(tmp_path / "per_image.csv")


def test_other_images_classes_or_labels_are_refused(good):
    records = good.records
    with pytest.raises(ValueError, match=r"different images.*frame0"):
        compared(records, records[records["name"] != "frame0"])
    with pytest.raises(ValueError, match="different classes"):
        compared(records, records.rename(columns=lambda column: column.replace("Fence", "Hedge")))
    with pytest.raises(ValueError, match=r"frame\d+.*different labels.*pixels/Sky/true"):
        compared(records, records.assign(**{"pixels/Sky/true": 0}))


def test_the_table_reads(good, bad):
    changes = [*compared(good.records, bad.records).values(), latency_change([54.32], [60], 0.2)]
    lines = change_table(changes).splitlines()
    assert len(lines) == 1 + len(changes)
    assert len({len(line.split("  worse")[0].rstrip()) for line in lines if line.endswith("worse")}) == 1
    assert "latency_ms" in lines[-1]
    assert "54.3" in lines[-1]
    assert [line for line in lines if line.endswith("absent") and "nan" not in line]


def test_pixel_columns_sum_to_the_confusion_matrix(good):
    records = rank(good.records.to_dict("records"))
    sums = [[int(records[f"pixels/{name}/{key}"].sum()) for key in ("true", "predicted", "common")] for name in NAMES]
    confusion = good.confusion
    expected = torch.stack([confusion.sum(1), confusion.sum(0), confusion.diagonal()], 1)
    assert sums == expected.tolist()
    assert isinstance(good.records, pd.DataFrame)
    assert dice(confusion)[8] == pytest.approx(good.metrics["dice/Car"])
