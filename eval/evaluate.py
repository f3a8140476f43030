"""Evaluate a model on a split: every image once, without augmentation, scored at its mask's own size."""

import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby

import cv2
import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from tqdm import tqdm

from eval.edge_cases import THRESHOLD, edge_case, object_recall, rank
from eval.inference import evaluating, label_mask, predict_logits, predict_mask, resize_image
from eval.metrics import confusion_matrix, summarize
from eval.samples import FrameSamples, Sample, Samples

__all__ = ["Evaluation", "FrameSamples", "Sample", "Samples", "evaluate", "predict_logits", "predict_mask"]

Loss = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Evaluation:
    """What a model reached on a split.

    Attributes:
        confusion: (C, C) int64 over the split, rows the target.
        metrics: ``summarize``'s flat keys, ``edge_case_rate``, ``object_recall/…``; in [0, 1], NaN where undefined;
            ``loss`` besides, where one was given.
        records: the edge-case table, worst first; its index is the image's position in the split.
        predictions: (H, W) uint8 masks in the order of the split: ``predictions[records.index[0]]`` is the worst's.
        class_names: C names.
        priority: indices of the priority classes.
        threshold: Dice below which a present priority class counts as missed.
    """

    confusion: Tensor
    metrics: dict[str, float]
    records: pd.DataFrame
    predictions: list[NDArray[np.uint8]]
    class_names: tuple[str, ...]
    priority: tuple[int, ...]
    threshold: float


def evaluate(
    model: nn.Module,
    samples: Samples,
    *,
    num_classes: int,
    class_names: Sequence[str],
    priority: Sequence[int],
    background: Sequence[int],
    size: tuple[int, int] | None = None,
    batch_size: int = 4,
    device: str | torch.device = "cpu",
    precision: str = "fp32",
    threshold: float = THRESHOLD,
    loss: Loss | None = None,
    progress: bool | None = None,
) -> Evaluation:
    """Predict every image of a split once and score it at its mask's own size.

    Args:
        model: images (N, 3, h, w) in [0, 1] to logits (N, C, h, w); moved to ``device``, its modes are put back.
        samples: the split; images and masks may differ in size from sample to sample.
        num_classes: C, void excluded.
        class_names: C names, in the order of the indices.
        priority: indices of the priority classes.
        background: indices left out of ``foreground_acc``.
        size: (h, w) at which logits are computed; None is each image's own size.
        batch_size: images per forward pass; only neighbours of one size share a pass.
        device: where the model runs.
        precision: "fp32" or "bf16" (autocast).
        threshold: Dice below which a present priority class counts as missed.
        loss: of logits (1, C, h, w) and target (1, h, w); its mean over the images becomes the metric ``loss``.
        progress: True shows a bar on stderr, False does not, None only on a terminal.

    Raises:
        ValueError: empty split, names that do not match the classes, a label outside them, logits that are not finite.
    """
    if len(samples) == 0:
        raise ValueError("the split has 0 images: nothing to evaluate")
    if len(class_names) != num_classes:
        raise ValueError(f"class_names has {len(class_names)} names for num_classes={num_classes}")
    confusion = torch.zeros(num_classes, num_classes, dtype=torch.int64)
    rows, predictions, losses = [], [], []
    hide = None if progress is None else not progress
    with tqdm(total=len(samples), desc="evaluate", unit="img", file=sys.stderr, disable=hide) as bar:
        for sample, pred, value in _predictions(model.to(device), samples, size, batch_size, device, precision, loss):
            counts = _count(sample, pred, num_classes)
            confusion += counts
            row = edge_case(counts, pred, sample.mask, class_names=class_names, priority=priority, threshold=threshold)
            rows.append({"name": sample.name, "sequence": sample.sequence, **row})
            predictions.append(pred)
            losses.append(value)
            bar.update()
    assert len(predictions) == len(samples), f"{len(predictions)} images seen, the split has {len(samples)}"
    records = rank(rows)
    metrics = summarize(confusion, class_names, priority, background)
    metrics["edge_case_rate"] = float(records["flagged"].mean())
    metrics |= object_recall(records, [class_names[index] for index in priority])
    if loss is not None:
        metrics["loss"] = sum(losses) / len(losses)
    return Evaluation(confusion, metrics, records, predictions, tuple(class_names), tuple(priority), threshold)


def _predictions(
    model: nn.Module,
    samples: Samples,
    size: tuple[int, int] | None,
    batch_size: int,
    device: str | torch.device,
    precision: str,
    loss: Loss | None,
) -> Iterator[tuple[Sample, NDArray[np.uint8], float]]:
    """Each sample in order with its prediction (H, W) uint8 at its mask's size and its loss (NaN without one)."""
    for batch in _batches(samples, batch_size):
        inputs = [(sample, resize_image(sample.image, size)) for sample in batch]
        for _, same_size in groupby(inputs, key=lambda pair: pair[1].shape):
            group, images = zip(*same_size, strict=True)
            with evaluating(model):
                logits = predict_logits(model, images, device, precision)  # (N, C, h, w)
                masks = [_mask_of(sample, scores) for sample, scores in zip(group, logits, strict=True)]
                losses = [_loss_of(sample, scores, loss) for sample, scores in zip(group, logits, strict=True)]
            yield from zip(group, masks, losses, strict=True)


def _mask_of(sample: Sample, scores: Tensor) -> NDArray[np.uint8]:
    if not scores.sum().isfinite():
        raise ValueError(f"{sample.name}: the model's logits are not finite: its weights have diverged; lower lr")
    height, width = sample.mask.shape
    return label_mask(scores, (height, width)).cpu().numpy()


def _loss_of(sample: Sample, scores: Tensor, loss: Loss | None) -> float:
    if loss is None:
        return float("nan")
    height, width = scores.shape[-2:]
    target = cv2.resize(sample.mask, (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
    return float(loss(scores[None], torch.from_numpy(target)[None].long().to(scores.device)))


def _batches(samples: Samples, batch_size: int) -> Iterator[list[Sample]]:
    """The split in order, in batches; the next batch is read in a thread while the caller works on this one."""
    chunks = [range(start, min(start + batch_size, len(samples))) for start in range(0, len(samples), batch_size)]

    def read(chunk: range) -> list[Sample]:
        return [samples[position] for position in chunk]

    with ThreadPoolExecutor(max_workers=1) as reader:
        ahead = reader.submit(read, chunks[0])
        for chunk in [*chunks[1:], range(0)]:
            batch, ahead = ahead.result(), reader.submit(read, chunk)
            yield batch


def _count(sample: Sample, pred: NDArray[np.uint8], num_classes: int) -> Tensor:
    """(C, C) confusion matrix of one image."""
    try:
        return confusion_matrix(torch.from_numpy(pred), torch.from_numpy(sample.mask), num_classes)
    except ValueError as error:
        raise ValueError(f"{sample.name}: {error}") from error
