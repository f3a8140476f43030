"""Segmentation metrics: one confusion matrix, and pure functions of it.

Formulas (TP, FP, FN per class, summed over the whole split): IoU = TP / (TP + FP + FN) (Everingham et al. 2010,
"The PASCAL VOC challenge"), Dice = F1 = 2 TP / (2 TP + FP + FN), class accuracy = recall = TP / (TP + FN).
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from eval.means import headline_means, known_mean
from files.headlines import MIOU, PRIORITY_DICE

IGNORE_INDEX = 255
_LABELS = 256  # labels are bytes
_CHUNK = 1 << 17  # pixels per bincount: index and inputs stay in the CPU's L2 cache, three times faster than one pass


def confusion_matrix(pred: Tensor, target: Tensor, num_classes: int, ignore_index: int = IGNORE_INDEX) -> Tensor:
    """Count pixels by (true class, predicted class).

    Args:
        pred: class indices in [0, num_classes), any integer type and shape; uint8 is the fast path.
        target: true indices in [0, num_classes) or ``ignore_index``, same shape.
        num_classes: C, at most 255.
        ignore_index: label in [0, 255] of the pixels that do not count (void).

    Returns:
        (C, C) int64 on the inputs' device; rows are the target, columns the prediction.

    Raises:
        ValueError: shapes differ, a tensor is not integer, or a label lies outside the taxonomy.
    """
    _check_inputs(pred, target, num_classes, ignore_index)
    pred, target = pred.reshape(-1), target.reshape(-1)
    chunk = _CHUNK if pred.device.type == "cpu" else max(1, pred.numel())
    counts = torch.zeros(_LABELS * num_classes, dtype=torch.int64, device=pred.device)
    # 256 * C fits int16 for every C up to 127: half the memory traffic of int32
    index_type = torch.int16 if counts.numel() <= torch.iinfo(torch.int16).max else torch.int32
    for part_pred, part_target in zip(torch.split(pred, chunk), torch.split(target, chunk), strict=True):
        index = part_target.to(index_type, copy=True).mul_(num_classes).add_(part_pred)
        counts += torch.bincount(index, minlength=counts.numel())
    return known_labels(counts.view(_LABELS, num_classes), ignore_index)


def label_counts(pred: Tensor, target: Tensor, num_classes: int) -> Tensor:
    """Count the pixels of each image by (true label, predicted class), on any device and without waiting for it.

    Args:
        pred: (N, ...) uint8 class indices below ``num_classes``.
        target: uint8 labels of the same shape; what is void or a fault is left to ``known_labels``.
        num_classes: C, at most 255.

    Returns:
        (N, 256, C) int64.
    """
    count, size = len(pred), _LABELS * num_classes
    first = size * torch.arange(count, device=pred.device)  # (N,)
    index = target.flatten(1).long().mul_(num_classes).add_(pred.flatten(1)).add_(first[:, None]).flatten()
    one = torch.ones((), dtype=torch.int64, device=pred.device).expand(len(index))
    counts = torch.zeros(count * size, dtype=torch.int64, device=pred.device)
    return counts.scatter_add_(0, index, one).view(count, _LABELS, num_classes)  # bincount waits for a GPU


def known_labels(table: Tensor, ignore_index: int = IGNORE_INDEX) -> Tensor:
    """The confusion matrix (C, C) in the counts (256, C) of one image, of which a row is a label.

    Raises:
        ValueError: pixels have a label that is neither a class nor ``ignore_index``.
    """
    num_classes, table = table.shape[1], table.clone()
    table[ignore_index] = 0
    if table[num_classes:].any():
        fault = int(table[num_classes:].sum(1).nonzero()[0]) + num_classes
        raise ValueError(
            f"target has label {fault}, which is neither one of the {num_classes} classes nor "
            f"ignore_index={ignore_index}"
        )
    return table[:num_classes].clone()


def _check_inputs(pred: Tensor, target: Tensor, num_classes: int, ignore_index: int) -> None:
    if pred.shape != target.shape:
        raise ValueError(f"pred has shape {tuple(pred.shape)} and target {tuple(target.shape)}; they must be the same")
    if not 1 <= num_classes < _LABELS or not 0 <= ignore_index < _LABELS:
        raise ValueError(f"num_classes={num_classes}, ignore_index={ignore_index}: allowed are 1 to 255 and 0 to 255")
    for name, labels, limit in (("pred", pred, num_classes), ("target", target, _LABELS)):
        if labels.is_floating_point() or labels.is_complex() or labels.dtype == torch.bool:
            raise ValueError(f"{name} has type {labels.dtype}; class indices must be integers")
        if labels.numel() and not (labels.dtype == torch.uint8 and limit == _LABELS):
            low, high = (int(x) for x in labels.aminmax())
            if low < 0 or high >= limit:
                raise ValueError(f"{name} has label {low if low < 0 else high}; allowed are 0 to {limit - 1}")


def _ratio(numerator: Tensor, denominator: Tensor, present: Tensor) -> Tensor:
    """Elementwise ratio in float64, NaN where not ``present``; 0 / 0 of a present class is 0."""
    ratio = numerator.double() / denominator.double().clamp(min=1)
    return torch.where(present, ratio, torch.nan)


def present_classes(cm: Tensor) -> Tensor:
    """(..., C) bool: classes that the target or the prediction has."""
    return (cm.sum(-1) + cm.sum(-2)) > 0


def iou(cm: Tensor) -> Tensor:
    """(..., C, C) counts to (..., C) float64 in [0, 1]; NaN where absent from target and prediction."""
    true_positive = cm.diagonal(dim1=-2, dim2=-1)
    return _ratio(true_positive, cm.sum(-1) + cm.sum(-2) - true_positive, present_classes(cm))


def dice(cm: Tensor) -> Tensor:
    """(..., C, C) counts to (..., C) float64 in [0, 1]; NaN where absent from target and prediction."""
    return _ratio(2 * cm.diagonal(dim1=-2, dim2=-1), cm.sum(-1) + cm.sum(-2), present_classes(cm))


def class_accuracy(cm: Tensor) -> Tensor:
    """(..., C, C) counts to (..., C) float64: the share of a class's true pixels that is predicted right.

    NaN if the target has no such pixel: accuracy says nothing about a class that is only predicted.
    """
    return _ratio(cm.diagonal(dim1=-2, dim2=-1), cm.sum(-1), cm.sum(-1) > 0)


def pixel_accuracy(cm: Tensor) -> float:
    """Share of all non-void pixels predicted right; NaN when every pixel is void."""
    return float(_ratio(cm.diagonal().sum(), cm.sum(), cm.sum() > 0))


def foreground_accuracy(cm: Tensor, background: Sequence[int]) -> float:
    """Share predicted right of the pixels whose true class is not in ``background``; NaN when there are none."""
    keep = torch.ones(len(cm), dtype=torch.bool, device=cm.device)
    keep[list(background)] = False
    total = cm[keep].sum()
    return float(_ratio(cm.diagonal()[keep].sum(), total, total > 0))


def summarize(
    cm: Tensor, class_names: Sequence[str], priority: Sequence[int], background: Sequence[int]
) -> dict[str, float]:
    """Every metric of a confusion matrix (C, C) under its flat key.

    Returns:
        ``miou``, ``miou_true`` (of the classes that the truth has; ``miou`` counts one that is only predicted as 0),
        ``mean_dice``, ``mean_acc``, ``pixel_acc``, ``foreground_acc``, ``priority_dice``, then ``iou/<class>``,
        ``dice/<class>``, ``acc/<class>``; in [0, 1], NaN where undefined.
    """
    cm = cm.cpu()
    per_class = {"iou": iou(cm).numpy(), "dice": dice(cm).numpy(), "acc": class_accuracy(cm).numpy()}
    means = headline_means(per_class["iou"], per_class["dice"], priority)
    metrics = {
        MIOU.key: float(means[MIOU.key]),
        "miou_true": float(known_mean(per_class["iou"][cm.sum(-1).numpy() > 0])),
        "mean_dice": float(known_mean(per_class["dice"])),
        "mean_acc": float(known_mean(per_class["acc"])),
        "pixel_acc": pixel_accuracy(cm),
        "foreground_acc": foreground_accuracy(cm, background),
        PRIORITY_DICE.key: float(means[PRIORITY_DICE.key]),
    }
    for key, scores in per_class.items():
        metrics |= {f"{key}/{name}": score for name, score in zip(class_names, scores.tolist(), strict=True)}
    return metrics
