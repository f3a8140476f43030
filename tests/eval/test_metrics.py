import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn import metrics as sk
from torchmetrics.functional import classification as tm

from eval import metrics
from eval.metrics import (
    class_accuracy,
    confusion_matrix,
    dice,
    foreground_accuracy,
    iou,
    known_labels,
    label_counts,
    pixel_accuracy,
    present_classes,
    summarize,
)

VOID = 255


def drawn(num_classes=11, shape=(3, 37, 53), seed=0, void=0.1):
    rng = np.random.default_rng(seed)
    pred, target = rng.integers(0, num_classes, (2, *shape)).astype(np.uint8)
    target[rng.random(shape) < void] = VOID
    return torch.from_numpy(pred), torch.from_numpy(target)


@pytest.mark.parametrize("num_classes", [2, 11, 32, 127, 128, 200, 255])
def test_counts_equal_scikit_learn(num_classes):
    pred, target = drawn(num_classes)
    keep = target != VOID
    expected = sk.confusion_matrix(target[keep], pred[keep], labels=range(num_classes))
    assert confusion_matrix(pred, target, num_classes).tolist() == expected.tolist()


@pytest.mark.parametrize("num_classes", [1, 11, 127, 255])
def test_counts_of_a_batch_are_those_of_its_images(num_classes):
    pred, target = drawn(num_classes)
    tables = label_counts(pred, target, num_classes)
    assert tables.dtype == torch.int64
    for table, one_pred, one_target in zip(tables, pred, target, strict=True):
        assert torch.equal(known_labels(table), confusion_matrix(one_pred, one_target, num_classes))


def test_counts_of_a_batch_stay_on_the_device_and_name_a_fault():
    pred, target = drawn()
    tables = label_counts(pred.to("meta"), target.to("meta"), 11)
    assert (tables.shape, tables.device.type) == ((3, 256, 11), "meta")
    target[1, 0, 0] = 11
    tables = label_counts(pred, target, 11)
    with pytest.raises(ValueError, match="target has label 11, which is neither one of the 11 classes"):
        known_labels(tables[1])
    assert known_labels(tables[0]).sum() == (target[0] != VOID).sum()


@pytest.mark.parametrize("pred_type", [torch.uint8, torch.int16, torch.int32, torch.int64])
@pytest.mark.parametrize("target_type", [torch.uint8, torch.int16, torch.int64])
def test_integer_types_and_strides_do_not_matter(pred_type, target_type):
    pred, target = drawn()
    expected = confusion_matrix(pred, target, 11)
    pred, target = pred.to(pred_type), target.to(target_type)
    assert torch.equal(confusion_matrix(pred, target, 11), expected)
    assert torch.equal(confusion_matrix(pred.transpose(1, 2), target.transpose(1, 2), 11), expected)
    assert expected.dtype == torch.int64


def test_inputs_are_left_as_they_are():
    pred, target = drawn()
    before = pred.clone(), target.clone()
    confusion_matrix(pred, target, 11)
    assert torch.equal(pred, before[0])
    assert torch.equal(target, before[1])


def test_more_pixels_than_one_chunk():
    pred, target = drawn(shape=(metrics._CHUNK * 2 + 17,))
    parts = [confusion_matrix(p, t, 11) for p, t in zip(pred.split(50_000), target.split(50_000), strict=True)]
    whole = confusion_matrix(pred, target, 11)
    assert torch.equal(whole, torch.stack(parts).sum(0))
    assert whole.sum() == (target != VOID).sum()


def labels(num_classes):
    return hnp.arrays(np.uint8, st.integers(0, 60), elements=st.integers(0, num_classes - 1))


@settings(max_examples=60)
@given(st.integers(1, 8).flatmap(lambda c: st.tuples(st.just(c), labels(c), labels(c))), st.randoms())
def test_properties(drawn_labels, random):
    num_classes, pred, target = drawn_labels
    size = min(len(pred), len(target))
    pred, target = torch.from_numpy(pred[:size]), torch.from_numpy(target[:size])
    counts = confusion_matrix(pred, target, num_classes)
    order = torch.tensor(random.sample(range(size), size), dtype=torch.int64)
    assert counts.sum() == size
    assert torch.equal(confusion_matrix(target, pred, num_classes), counts.T)
    assert torch.equal(confusion_matrix(pred[order], target[order], num_classes), counts)
    ious, dices = iou(counts), dice(counts)
    there = present_classes(counts)
    assert torch.equal(ious.isnan(), ~there)
    assert torch.equal(dices.isnan(), ~there)
    assert torch.allclose(dices[there], 2 * ious[there] / (1 + ious[there]))  # Dice and IoU tell the same
    assert ((ious[there] >= 0) & (ious[there] <= 1)).all()
    assert torch.equal(iou(counts * 2)[there], ious[there])  # twice the data, the same score
    assert torch.equal(
        iou(confusion_matrix(target, target, num_classes)).nan_to_num(1), torch.ones(num_classes).double()
    )


@pytest.mark.parametrize("seed", range(3))
def test_scores_equal_scikit_learn_and_torchmetrics(seed):
    pred, target = drawn(seed=seed)
    target[target == 4], pred[pred == 4] = VOID, 3  # absent from both
    target[target == 7] = VOID  # only predicted
    counts = confusion_matrix(pred, target, 11)
    keep = target != VOID
    truth, guess, present = target[keep].numpy(), pred[keep].numpy(), present_classes(counts).numpy()
    assert present.tolist() == [index != 4 for index in range(11)]
    options = {"labels": range(11), "average": None, "zero_division": 0}
    expected = {
        "iou": sk.jaccard_score(truth, guess, **options),
        "dice": sk.f1_score(truth, guess, **options),
        "acc": sk.recall_score(truth, guess, **options),
    }
    np.testing.assert_allclose(iou(counts)[present], expected["iou"][present])
    np.testing.assert_allclose(dice(counts)[present], expected["dice"][present])
    in_target = counts.sum(1).numpy() > 0
    np.testing.assert_allclose(class_accuracy(counts)[in_target], expected["acc"][in_target])
    assert class_accuracy(counts).isnan().tolist() == [index in (4, 7) for index in range(11)]
    assert pixel_accuracy(counts) == pytest.approx(sk.accuracy_score(truth, guess))
    theirs = tm.multiclass_jaccard_index(pred, target, 11, average="none", ignore_index=VOID)
    np.testing.assert_allclose(iou(counts)[present], theirs[present], rtol=1e-6)
    foreground = ~np.isin(truth, [0, 1])
    assert foreground_accuracy(counts, [0, 1]) == pytest.approx((truth == guess)[foreground].mean())


def test_hand_table():
    """2x4 pixels, classes A B C D; D is nowhere, C only predicted, one pixel void."""
    target = torch.tensor([[0, 0, 0, 0], [1, 1, 1, VOID]], dtype=torch.uint8)
    pred = torch.tensor([[0, 0, 0, 1], [1, 1, 2, 3]], dtype=torch.uint8)
    counts = confusion_matrix(pred, target, 4)
    assert counts.tolist() == [[3, 1, 0, 0], [0, 2, 1, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    scores = summarize(counts, ["A", "B", "C", "D"], priority=[1, 3], background=[0])
    assert scores == pytest.approx(
        {
            "miou": (3 / 4 + 2 / 4 + 0) / 3,
            "miou_true": (3 / 4 + 2 / 4) / 2,
            "mean_dice": (6 / 7 + 4 / 6 + 0) / 3,
            "mean_acc": (3 / 4 + 2 / 3) / 2,
            "pixel_acc": 5 / 7,
            "foreground_acc": 2 / 3,
            "priority_dice": 4 / 6,
            "iou/A": 3 / 4,
            "iou/B": 2 / 4,
            "iou/C": 0,
            "iou/D": math.nan,
            "dice/A": 6 / 7,
            "dice/B": 4 / 6,
            "dice/C": 0,
            "dice/D": math.nan,
            "acc/A": 3 / 4,
            "acc/B": 2 / 3,
            "acc/C": math.nan,
            "acc/D": math.nan,
        },
        nan_ok=True,
    )


def test_all_void_is_undefined_and_quiet():
    target = torch.full((2, 3), VOID, dtype=torch.uint8)
    counts = confusion_matrix(torch.zeros_like(target), target, 3)
    assert counts.sum() == 0
    assert all(math.isnan(score) for score in summarize(counts, ["a", "b", "c"], [1], [0]).values())


def test_no_pixels():
    empty = torch.zeros(0, 4, 4, dtype=torch.uint8)
    assert confusion_matrix(empty, empty, 3).tolist() == [[0] * 3] * 3


def test_a_stack_of_matrices_is_scored_one_by_one():
    pairs = [drawn(seed=seed) for seed in range(3)]
    stack = torch.stack([confusion_matrix(pred, target, 11) for pred, target in pairs])
    for score in (iou, dice, class_accuracy):
        assert torch.equal(score(stack), torch.stack([score(counts) for counts in stack]))


def test_another_ignore_index():
    pred, target = drawn(void=0)
    keep = target != 3
    expected = confusion_matrix(pred[keep], target[keep], 11)
    assert torch.equal(confusion_matrix(pred, target, 11, ignore_index=3), expected)
    with pytest.raises(ValueError, match="target has label 255"):
        confusion_matrix(torch.tensor([0]), torch.tensor([VOID]), 11, ignore_index=11)


@pytest.mark.parametrize(
    ("pred", "target", "num_classes", "message"),
    [
        (torch.zeros(2, 2).long(), torch.zeros(2, 3).long(), 2, r"pred has shape \(2, 2\) and target \(2, 3\)"),
        (torch.zeros(2), torch.zeros(2).long(), 2, "pred has type torch.float32"),
        (torch.zeros(2).long(), torch.zeros(2).bool(), 2, "target has type torch.bool"),
        (torch.tensor([2]), torch.tensor([0]), 2, "pred has label 2; allowed are 0 to 1"),
        (torch.tensor([-1]), torch.tensor([0]), 2, "pred has label -1"),
        (torch.tensor([255], dtype=torch.uint8), torch.tensor([255], dtype=torch.uint8), 2, "pred has label 255"),
        (torch.tensor([0]), torch.tensor([2]), 2, "target has label 2, which is neither one of the 2 classes"),
        (torch.tensor([0]), torch.tensor([256]), 2, "target has label 256"),
        (torch.tensor([0]), torch.tensor([65536 * 2]), 2, "target has label 131072"),
        (torch.tensor([0]), torch.tensor([-1]), 2, "target has label -1"),
        (torch.tensor([0]), torch.tensor([0]), 0, "num_classes=0"),
        (torch.tensor([0]), torch.tensor([0]), 256, "num_classes=256"),
    ],
)
def test_labels_outside_are_named(pred, target, num_classes, message):
    with pytest.raises(ValueError, match=message):
        confusion_matrix(pred, target, num_classes)
