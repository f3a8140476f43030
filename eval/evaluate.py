"""Evaluate a model on a split: every image once, without augmentation, scored at its mask's own size."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from tqdm import tqdm

from eval.edge_cases import edge_case, rank
from eval.evaluation import Evaluation
from eval.failures import THRESHOLD, Rule, failure_rows, failure_table
from eval.inference import SizeFor, evaluating, label_mask, predict_logits, predict_mask, resize_image
from eval.metrics import confusion_matrix, summarize
from eval.objects import OBJECT_AREA, object_scores
from eval.samples import FrameSamples, Sample, Samples

__all__ = [
    "Evaluation",
    "FrameSamples",
    "Sample",
    "Samples",
    "evaluate",
    "expected_seconds",
    "predict_logits",
    "predict_mask",
]

Loss = Callable[[Tensor, Tensor], Tensor]
Placed = tuple[int, Sample, NDArray[np.uint8]]  # position in the split, sample, image (h, w, 3) as the model gets it
WAITING = 8  # batches of samples that wait at most for others of their size


def evaluate(
    model: nn.Module,
    samples: Samples,
    *,
    num_classes: int,
    class_names: Sequence[str],
    priority: Sequence[int],
    background: Sequence[int],
    size_for: SizeFor | None = None,
    batch_size: int = 4,
    device: str | torch.device = "cpu",
    precision: str = "fp32",
    threshold: float = THRESHOLD,
    object_area: float = OBJECT_AREA,
    severity: Sequence[float] | None = None,
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
        size_for: from an image's (H, W) to the (h, w) at which its logits are computed; None is its own size.
        batch_size: images per forward pass, all of one size.
        device: where the model runs.
        precision: "fp32" or "bf16" (autocast).
        threshold: the share of an object that must be found, else it is missed, and of a predicted one that must be
            true, else it is false.
        object_area: the smallest object that counts, as a share of the frame.
        severity: for each class, what a pixel of a missed object weighs when images are ordered; None is 1 for all.
        loss: of logits (1, C, h, w) and target (1, h, w); its mean over the images becomes the metric ``loss``.
        progress: True shows a bar on stderr, False does not, None only on a terminal.

    Raises:
        ValueError: empty split, names that do not match the classes, a label outside them, logits that are not finite.
    """
    if len(samples) == 0:
        raise ValueError("the split has no images, so there is nothing to evaluate")
    if len(class_names) != num_classes:
        raise ValueError(f"class_names has {len(class_names)} names for num_classes={num_classes}")
    confusion = torch.zeros(num_classes, num_classes, dtype=torch.int64)
    rule = Rule(class_names, priority, threshold, object_area, severity)
    seen: dict[int, tuple[dict[str, object], NDArray[np.uint8], float]] = {}
    failures: list[dict[str, object]] = []
    hide = None if progress is None else not progress
    with tqdm(total=len(samples), desc="evaluate", unit="img", file=sys.stderr, disable=hide) as bar:
        groups = _groups(samples, size_for, batch_size)
        for position, sample, pred, value in _predictions(model.to(device), groups, device, precision, loss):
            counts = _count(sample, pred, num_classes)
            confusion += counts
            row, failed = edge_case(counts, pred, sample.mask, rule)
            frame = {"name": sample.name, "sequence": sample.sequence}
            failures += [{"position": position} | frame | one for one in failure_rows(failed, pred, sample.mask, rule)]
            seen[position] = frame | row, pred, value
            bar.update()
    assert len(seen) == len(samples), f"{len(seen)} images seen, the split has {len(samples)}"
    rows, predictions, losses = zip(*(seen[position] for position in range(len(seen))), strict=True)
    records = rank(rows)
    metrics = summarize(confusion, class_names, priority, background)
    metrics["edge_case_rate"] = float(records["flagged"].mean())
    metrics |= object_scores(records, [class_names[index] for index in priority])
    if loss is not None:
        metrics["loss"] = sum(losses) / len(losses)
    return Evaluation(
        confusion,
        metrics,
        records,
        failure_table(failures),
        list(predictions),
        tuple(class_names),
        tuple(priority),
        threshold,
    )


def expected_seconds(judge: Callable[..., object], model: nn.Module, samples: Samples, few: int = 3) -> float:
    """How long ``judge(model, samples=samples)`` will take, from a few of the samples, after one to warm up."""
    some = [samples[position] for position in range(min(few, len(samples)))]
    judge(model, samples=some[:1])
    started = time.perf_counter()
    judge(model, samples=some)
    return (time.perf_counter() - started) * len(samples) / len(some)


def _predictions(
    model: nn.Module,
    groups: Iterator[list[Placed]],
    device: str | torch.device,
    precision: str,
    loss: Loss | None,
) -> Iterator[tuple[int, Sample, NDArray[np.uint8], float]]:
    """Position, sample, prediction (H, W) uint8 at its mask's size, and loss (NaN without one)."""
    for group in groups:
        positions, samples, images = zip(*group, strict=True)
        with evaluating(model):
            logits = predict_logits(model, images, device, precision)  # (N, C, h, w)
            masks = [_mask_of(sample, scores) for sample, scores in zip(samples, logits, strict=True)]
            losses = [_loss_of(sample, scores, loss) for sample, scores in zip(samples, logits, strict=True)]
        yield from zip(positions, samples, masks, losses, strict=True)


def _groups(samples: Samples, size_for: SizeFor | None, batch_size: int) -> Iterator[list[Placed]]:
    """Samples whose images have one size at the model, ``batch_size`` of them or as many as come near each other."""
    waiting: dict[tuple[int, ...], list[Placed]] = {}
    for position, sample in enumerate(chain.from_iterable(_batches(samples, batch_size))):
        height, width = sample.image.shape[:2]
        image = resize_image(sample.image, size_for and size_for((height, width)))
        waiting.setdefault(image.shape, []).append((position, sample, image))
        fullest = max(waiting, key=lambda shape: len(waiting[shape]))
        if len(waiting[fullest]) == batch_size or sum(map(len, waiting.values())) == WAITING * batch_size:
            yield waiting.pop(fullest)
    yield from waiting.values()


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
