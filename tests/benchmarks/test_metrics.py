"""Both sides of the benchmark compute the same: what is timed is the same work."""

import pytest
import torch

from benchmarks.metrics import (
    NUM_CLASSES,
    Labelled,
    benchmark_metrics,
    draw_masks,
    fastai_metrics,
    of_logits,
    of_masks,
    torchmetrics_confusion,
    torchmetrics_jaccard_f1,
)


def batches(void):
    torch.manual_seed(0)
    target = draw_masks(2, void)
    return [(draw_masks(2, void=False), target)]


def test_torchmetrics_agrees_where_there_is_void():
    iou, dice = of_masks(batches(void=True))
    for theirs in (torchmetrics_confusion, torchmetrics_jaccard_f1):
        for ours, other in zip((iou, dice), theirs(batches(void=True)), strict=True):
            assert ours.tolist() == pytest.approx(other.tolist(), rel=1e-5)


def test_fastai_agrees_where_there_is_no_void():
    pairs = batches(void=False)
    means = [float(scores.mean()) for scores in of_masks(pairs)]
    assert fastai_metrics([(Labelled(pred.long()), target) for pred, target in pairs]) == pytest.approx(means)
    logits = [(torch.nn.functional.one_hot(pred.long(), NUM_CLASSES).movedim(3, 1).float(), t) for pred, t in pairs]
    assert fastai_metrics(logits) == pytest.approx(means)
    assert [float(scores.mean()) for scores in of_logits(logits)] == pytest.approx(means)


def test_rows():
    rows = benchmark_metrics(count=1, rounds=1)
    assert len(rows) == 4
    for row in rows:
        assert set(row) == {"name", "ours", "theirs", "ratio", "unit"}
        assert row["ratio"] == pytest.approx(row["theirs"] / row["ours"])
        assert row["ours"] > 0
