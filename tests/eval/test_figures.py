import math

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score

from eval.edge_cases import rank
from eval.evaluate import evaluate
from eval.figures import DELTA, POOLED, counts_objects, paired_figures, read_counts, scores_of
from eval.means import MEANS
from eval.metrics import dice
from eval.noninferiority import AS_GOOD, WORSE, Margins, judge
from files.whole import write_whole
from tests.eval.drawn import NAMES, PRIORITY, SPLIT, ColorModel, sample, street
from tests.eval.measured import DepthColorModel, measured

PRIORITY_NAMES = [NAMES[index] for index in PRIORITY]


def shown(seed, spoil):
    """A small scene and what a model makes of it that takes a share of the cars and pedestrians for road."""
    truth, rng = street(seed=seed), np.random.default_rng(1000 + seed)
    pred = np.where(truth == 255, 3, truth)
    pred[np.isin(truth, (8, 9)) & (rng.random(truth.shape) < spoil)] = 3
    return truth, pred


def evaluated(spoil, frames=24):
    """The evaluation of a model that misses `spoil(seed)` of the cars and pedestrians of a scene; 4 frames a drive."""
    scenes = [(seed, *shown(seed, spoil(seed))) for seed in range(frames)]
    samples = [sample(truth, pred, f"frame{seed:02}", f"drive{seed // 4}") for seed, truth, pred in scenes]
    return evaluate(ColorModel(), samples, **SPLIT, progress=False)


@pytest.fixture(scope="module")
def good():
    return evaluated(lambda seed: 0.05 * (seed % 5))


@pytest.fixture(scope="module")
def bad():
    return evaluated(lambda seed: 0.1 + 0.1 * (seed % 5))


def figures(before, after, priority=PRIORITY_NAMES):
    return {figure.key: figure for figure in paired_figures(before, after, priority)}


def counted(**columns):
    """Records of cars; `columns` are the counts of each frame, by the end of their names."""
    frames = len(next(iter(columns.values())))
    names = {"true": "pixels/Car/true", "predicted": "pixels/Car/predicted", "common": "pixels/Car/common"}
    counts = {names.get(key, f"{key}/Car"): values for key, values in columns.items()}
    return pd.DataFrame({"name": [f"frame{i:03}" for i in range(frames)], "sequence": ""} | counts)


def test_scores_are_those_of_the_evaluation(good, bad):
    found = figures(bad.records, good.records)
    for evaluation, side in ((bad, "before"), (good, "after")):
        for key in ("dice/Car", "dice/Pedestrian", "dice/Road", *MEANS):
            assert getattr(found[key], side) == pytest.approx(evaluation.metrics[key], abs=1e-12)
            assert scores_of(evaluation.records, PRIORITY_NAMES)[key] == getattr(found[key], side)
    assert list(found)[-1].startswith("dice/")  # those of no priority come last


def test_the_counts_of_a_frame_are_its_confusion_matrix(bad):
    row = bad.records.set_index("name").loc["frame07"]
    truth, pred = shown(7, 0.1 + 0.1 * (7 % 5))
    valid = truth != 255
    score = f1_score(truth[valid] == 8, pred[valid] == 8)
    true, predicted, common = (row[f"pixels/Car/{key}"] for key in ("true", "predicted", "common"))
    assert (true, predicted) == ((truth == 8).sum(), (pred[valid] == 8).sum())
    assert 2 * common / (true + predicted) == pytest.approx(score)


def test_the_error_is_that_of_frames_left_out_by_hand(good, bad):
    """Each drive of four frames is left out, and the Dice of the others computed from its frames."""

    def change(keep):
        kept = [side.records[~side.records["sequence"].isin(set() if keep else {drive})] for side in (bad, good)]
        scores = [2 * r["pixels/Car/common"].sum() / (r["pixels/Car/true"] + r["pixels/Car/predicted"]).sum()
                  for r in kept]  # fmt: skip
        return scores[1] - scores[0]

    drive, whole = "", change(True)
    moved = []
    for number in range(6):
        drive = f"drive{number}"
        moved.append(change(False) - whole)
    estimate = figures(bad.records, good.records)["dice/Car"].change
    assert estimate.value == pytest.approx(whole)
    assert estimate.error == pytest.approx(math.sqrt(5 / 6 * sum(step**2 for step in moved)))
    assert 4 < estimate.freedom <= 5


def test_object_f1_by_hand():
    """Of 4 objects 2 and 3 are matched, with 1 and 2 false alarms: 4/7 and 6/9."""
    sides = [
        counted(
            true=[9, 9], predicted=[9, 9], common=[9, 9], objects=[4, 0], matched=[matched, 0], false_alarms=[0, false]
        )
        for matched, false in ((2, 1), (3, 2))
    ]
    found = figures(sides[0], sides[1], ["Car"])["object_f1/Car"]
    assert (found.before, found.after) == pytest.approx((4 / 7, 6 / 9))
    found = figures(sides[0], sides[1], ["Car"])[POOLED]
    assert (found.before, found.after) == pytest.approx((4 / 7, 6 / 9))
    nothing = sides[0].assign(**{"objects/Car": 0, "matched/Car": 0})
    assert math.isnan(figures(nothing, nothing, ["Car"])["object_f1/Car"].change.value)  # nothing to be missed
    old = sides[0].drop(columns=["matched/Car", "false_alarms/Car"])
    assert not counts_objects(old)
    assert "object_f1/Car" not in figures(old, sides[1], ["Car"])
    assert figures(old, sides[1], ["Car"])["dice/Car"].after == 1


def test_a_stretch_that_falls_says_less_than_scattered_frames():
    """A hundred frames of which a quarter fall, one after the other or here and there."""
    stretch = np.where(np.arange(100) < 25, 70, 80)
    scattered = np.random.default_rng(0).permutation(stretch)
    before = counted(true=[100] * 100, predicted=[80] * 100, common=[80] * 100)
    errors = []
    for found in (stretch, scattered):
        after = counted(true=[100] * 100, predicted=found, common=found)
        errors.append(figures(before, after, ["Car"])["dice/Car"].change.error)
    assert errors[0] > 3 * errors[1]


def test_one_model_differs_in_nothing_from_itself(good):
    same = figures(good.records, good.records.sample(frac=1, random_state=0))
    judged = {key: figure for key, figure in same.items() if not math.isnan(figure.before)}
    assert {"dice/Car", "dice/Pedestrian", "dice/Road", *MEANS} <= judged.keys()
    assert all(figure.change[:2] == (0, 0) for figure in judged.values())


def test_a_class_that_only_the_prediction_has_is_not_judged(good):
    """Hallucinated pixels make Dice 0, but there is nothing to miss."""
    records = good.records.assign(**{"pixels/Bicyclist/predicted": 5})
    assert math.isnan(figures(good.records, records)["dice/Bicyclist"].change.value)


def test_records_come_back_from_the_file(good, bad, tmp_path):
    path = tmp_path / "per_image.csv"
    good.records.assign(name="NA" + good.records["name"]).to_csv(path, index=False, float_format="%.6g")
    read = read_counts(path)
    assert set(read["name"]) == {f"NAframe{seed:02}" for seed in range(24)}
    read["name"] = read["name"].str.removeprefix("NA")
    assert figures(bad.records, read)["dice/Car"] == figures(bad.records, good.records)["dice/Car"]
    alone = read.drop(columns="sequence")  # one drive: two stretches of twelve frames
    assert figures(bad.records.drop(columns="sequence"), alone)["dice/Car"].change.freedom <= 1


@pytest.mark.parametrize("text", ["", "name,dice/Car\nframe1,0.5\n", 'a,"b\n'])
def test_a_table_without_counts_is_named(tmp_path, text):
    write_whole(tmp_path / "per_image.csv", text)
    with pytest.raises(ValueError, match=r"per_image\.csv"):
        read_counts(tmp_path / "per_image.csv")


def test_other_images_classes_or_labels_are_refused(good):
    records = good.records
    with pytest.raises(ValueError, match=r"different images.*frame00"):
        figures(records, records[records["name"] != "frame00"])
    with pytest.raises(ValueError, match="different classes"):
        figures(records, records.rename(columns=lambda column: column.replace("Fence", "Hedge")))
    with pytest.raises(ValueError, match=r"frame\d+.*different labels.*pixels/Sky/true"):
        figures(records, records.assign(**{"pixels/Sky/true": 0}))


def test_pixel_columns_sum_to_the_confusion_matrix(good):
    records = rank(good.records.to_dict("records"))
    sums = [[int(records[f"pixels/{name}/{key}"].sum()) for key in ("true", "predicted", "common")] for name in NAMES]
    confusion = good.confusion
    assert sums == [list(row) for row in zip(confusion.sum(1).tolist(), confusion.sum(0).tolist(),
                                             confusion.diagonal().tolist(), strict=True)]  # fmt: skip
    assert dice(confusion)[8] == pytest.approx(good.metrics["dice/Car"])


def judged_depth(error, classes=True):
    """Records of a model whose depth is wrong by `error(seed)`, with 4 frames a drive."""
    samples = []
    for seed in range(24):
        one = measured(seed)
        assert one.depth is not None
        depth = one.depth * np.where(np.arange(64) < 64 * error(seed), np.float32(2), np.float32(1))
        samples.append(one._replace(name=f"frame{seed:02}", depth=depth, sequence=f"drive{seed // 4}"))
    return evaluate(DepthColorModel(classes), samples, **SPLIT, progress=False)


def test_depth_is_compared_where_both_models_predict_it(good):
    first, second = judged_depth(lambda seed: 0.2), judged_depth(lambda seed: 0.4 + 0.01 * (seed % 3))
    found = figures(first.records, second.records)[DELTA]
    assert found.before == pytest.approx(first.metrics[DELTA], abs=1e-9)
    assert found.after == pytest.approx(second.metrics[DELTA], abs=1e-9)
    assert scores_of(first.records, PRIORITY_NAMES)[DELTA] == pytest.approx(found.before)
    answers = {change.key: change.answer for change in judge([found], PRIORITY_NAMES, Margins())}
    assert answers == {DELTA: WORSE}
    assert DELTA not in figures(good.records, first.records)  # what only the new model has
    with pytest.raises(ValueError, match="was judged by depth, and the later one was not"):
        figures(first.records, good.records)


def test_depth_alone_is_compared(tmp_path):
    first, second = (judged_depth(lambda seed, share=share: share, classes=False) for share in (0.2, 0.2))
    for name, evaluation in (("a", first), ("b", second)):
        evaluation.records.to_csv(tmp_path / f"{name}.csv", index=False, float_format="%.6g")
    found = figures(*(read_counts(tmp_path / f"{name}.csv") for name in "ab"))
    assert set(found) == {DELTA} and found[DELTA].before == found[DELTA].after
    assert found[DELTA].before == pytest.approx(first.metrics[DELTA], abs=1e-5)
    (change,) = judge(list(found.values()), PRIORITY_NAMES, Margins())
    assert (change.answer, change.margin) == (AS_GOOD, Margins().means)
