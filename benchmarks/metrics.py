"""Per-class IoU and Dice over CamVid's test split (233 masks of 360x480, 11 classes, void), beside what others offer.

    python -m benchmarks.metrics

All run in one process on the same drawn masks, in batches of 8 as in an evaluation, in turn with ours. The figure is
the median. Their inputs:

- torchmetrics' confusion matrix, and its Jaccard + F1 (two metric objects, as users have them), get predicted and true
  masks as uint8, which is faster there than int64, and void by ``ignore_index``. Both they and we check the labels.
- fastai's ``JaccardCoeffMulti`` + ``DiceMulti`` get logits, and each computes the argmax. They know no void, so it
  counts as an error. Ours gets the same logits and computes the argmax once, as ``eval.evaluate`` does. In the row
  "without argmax" both get masks: fastai's metrics get an object whose argmax is the mask and costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace

import torch
from fastai.metrics import DiceMulti, JaccardCoeffMulti
from torch import Tensor
from torchmetrics.classification import MulticlassConfusionMatrix, MulticlassF1Score, MulticlassJaccardIndex

from benchmarks.timing import Result, compare
from eval.inference import label_mask
from eval.metrics import confusion_matrix, dice, iou

NUM_CLASSES, VOID = 11, 255
COUNT, SIZE = 233, (360, 480)
BATCH = 8
ROUNDS = 3


class Labelled:
    """Masks (N, H, W) int64 that pass for logits whose argmax is known."""

    def __init__(self, mask: Tensor):
        self.mask = mask
        self.shape = (len(mask), NUM_CLASSES, *mask.shape[1:])

    def argmax(self, dim: int) -> Tensor:
        """The masks."""
        return self.mask


Masks = Sequence[tuple[Tensor, Tensor]]  # (N, H, W) predicted and true
Logits = Sequence[tuple[Tensor | Labelled, Tensor]]  # (N, C, H, W), and the true (N, H, W)


def benchmark_metrics(count: int = COUNT, rounds: int = ROUNDS) -> list[Result]:
    """Measure every row over ``count`` masks."""
    torch.manual_seed(0)
    target = draw_masks(count, void=True)
    pred = torch.where((torch.rand(target.shape) < 0.85) & (target != VOID), target, draw_masks(count, void=False))
    masks = list(zip(torch.split(pred, BATCH), torch.split(target, BATCH), strict=True))
    random = torch.randn(BATCH, NUM_CLASSES, *SIZE)  # one batch serves all: 233 images would take 1.8 GB
    logits = [(random[: len(true)], true) for _, true in masks]
    labelled = [(Labelled(pred.long()), true) for pred, true in masks]  # int64, as argmax gives

    def row(name: str, ours: Callable[[], object], theirs: Callable[[], object]) -> Result:
        return compare(f"per-class IoU and Dice of {count} masks, {name}", ours, theirs, rounds, ours_per_round=5)

    return [
        row("torchmetrics confusion matrix", lambda: of_masks(masks), lambda: torchmetrics_confusion(masks)),
        row("torchmetrics Jaccard + F1", lambda: of_masks(masks), lambda: torchmetrics_jaccard_f1(masks)),
        row("fastai's two, without argmax", lambda: of_masks(masks), lambda: fastai_metrics(labelled)),
        row("fastai's two, with argmax", lambda: of_logits(logits), lambda: fastai_metrics(logits)),
    ]


def draw_masks(count: int, void: bool) -> Tensor:
    """Masks (count, 360, 480) uint8 of blocks, about as coarse as the regions of a street; some void when asked."""
    labels = torch.randint(0, NUM_CLASSES + void, (count, SIZE[0] // 8, SIZE[1] // 8), dtype=torch.uint8)
    labels[labels == NUM_CLASSES] = VOID
    return labels.repeat_interleave(8, 1).repeat_interleave(8, 2)


def of_masks(batches: Masks) -> tuple[Tensor, Tensor]:
    """Ours: IoU and Dice (C,) of one confusion matrix."""
    confusion = torch.zeros(NUM_CLASSES, NUM_CLASSES, dtype=torch.int64)
    for pred, target in batches:
        confusion += confusion_matrix(pred, target, NUM_CLASSES, VOID)
    return iou(confusion), dice(confusion)


def of_logits(batches: Sequence[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
    """Ours, argmax included."""
    return of_masks([(torch.stack([label_mask(x, SIZE) for x in logits]), target) for logits, target in batches])


def torchmetrics_confusion(batches: Masks) -> tuple[Tensor, Tensor]:
    """Their confusion matrix, then our functions of it, which take microseconds."""
    metric = MulticlassConfusionMatrix(NUM_CLASSES, ignore_index=VOID)
    for pred, target in batches:
        metric.update(pred, target)
    return iou(metric.compute()), dice(metric.compute())


def torchmetrics_jaccard_f1(batches: Masks) -> tuple[Tensor, Tensor]:
    """Their two metrics, (C,) each."""
    jaccard = MulticlassJaccardIndex(NUM_CLASSES, average="none", ignore_index=VOID)
    f1 = MulticlassF1Score(NUM_CLASSES, average="none", ignore_index=VOID)
    for pred, target in batches:
        jaccard.update(pred, target)
        f1.update(pred, target)
    return jaccard.compute(), f1.compute()


def fastai_metrics(batches: Logits) -> tuple[float, float]:
    """Their two metrics, means over the classes."""
    jaccard, f1 = JaccardCoeffMulti(), DiceMulti()
    jaccard.reset()
    f1.reset()
    for logits, target in batches:
        learner = SimpleNamespace(pred=logits, y=target)
        jaccard.accumulate(learner)
        f1.accumulate(learner)
    return jaccard.value, f1.value


if __name__ == "__main__":
    for row in benchmark_metrics():
        print(f"{row['name']:<70} {row['ours']:9.1f} {row['theirs']:9.1f} {row['unit']} x{row['ratio']:.1f}")
