"""Evaluate a model on a split: each image once, without augmentation, scored at the size of its mask."""

import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from tqdm import tqdm

from eval.edge_cases import edge_case, rank
from eval.evaluation import Evaluation
from eval.failures import THRESHOLD, Rule, failure_rows, failure_table
from eval.inference import SizeFor
from eval.metrics import summarize
from eval.objects import OBJECT_AREA, object_scores
from eval.predicted import Loss, Predicted, predicted_images
from eval.samples import FrameSamples, KeptSamples, Sample, Samples
from eval.stored import StoredMasks, pack
from files.ordered import cores, map_ordered

__all__ = [
    "Evaluation",
    "FrameSamples",
    "KeptSamples",
    "Sample",
    "Samples",
    "evaluate",
    "expected_seconds",
]

SCORERS = min(8, cores())  # threads that score; NumPy and OpenCV release the interpreter's lock


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

    Images are read and scored in threads, some at a time, and predictions are stored on the disk.

    Args:
        model: images (N, 3, h, w) in [0, 1] to logits (N, C, h, w). It is moved to ``device``; its modes are restored.
        samples: the split; images and masks may differ in size from sample to sample.
        num_classes: C, void excluded.
        class_names: C names, in the order of the indices.
        priority: indices of the priority classes.
        background: indices of the classes that ``foreground_acc`` leaves out.
        size_for: from an image's (H, W) to the (h, w) at which its logits are computed; None takes the image's size.
        batch_size: images per forward pass, all of one size.
        device: where the model runs.
        precision: "fp32" or "bf16" (autocast).
        threshold: an object is missed if less than this share of it is found. A predicted object is false if less than
            this share of it is correct.
        object_area: the smallest object that counts, as a share of the frame.
        severity: for each class, the weight of a pixel of a missed object when images are ordered; None means 1.
        loss: a function of logits (N, C, h, w) and target (N, h, w). The metric ``loss`` is its mean over the images:
            what training minimises, without augmentation and auxiliary logits.
        progress: True shows a bar on stderr, False shows none, None shows one only on a terminal.

    Raises:
        ValueError: the split is empty, the names do not match the classes, a label is not a class, or logits are not
            finite.
    """
    if len(samples) == 0:
        raise ValueError("the split has no images, so there is nothing to evaluate")
    if len(class_names) != num_classes:
        raise ValueError(f"class_names has {len(class_names)} names for num_classes={num_classes}")
    confusion = torch.zeros(num_classes, num_classes, dtype=torch.int64)
    rule = Rule(class_names, priority, threshold, object_area, severity)
    rows: dict[int, dict[str, object]] = {}
    losses: dict[int, float] = {}
    failures: list[dict[str, object]] = []
    predictions = StoredMasks(len(samples))
    hide = None if progress is None else not progress
    with tqdm(total=len(samples), desc="evaluate", unit="img", file=sys.stderr, disable=hide) as bar:
        how: Any = {"size_for": size_for, "batch_size": batch_size, "device": device, "precision": precision}
        images = predicted_images(model.to(device), samples, loss=loss, num_classes=num_classes, **how)
        for one in map_ordered(partial(_judge, rule=rule), images, SCORERS, SCORERS + 1):
            confusion += one.counts
            rows[one.position], losses[one.position] = one.row, one.loss
            failures += one.failures
            predictions.store(one.position, one.shape, one.packed)
            bar.update()
    assert len(rows) == len(samples), f"{len(rows)} images seen, the split has {len(samples)}"
    records = rank(rows[position] for position in range(len(rows)))
    metrics = summarize(confusion, class_names, priority, background)
    metrics["edge_case_rate"] = float(records["flagged"].mean())
    metrics |= object_scores(records, [class_names[index] for index in priority])
    if loss is not None:
        metrics["loss"] = sum(losses[position] for position in range(len(losses))) / len(losses)
    return Evaluation(
        confusion,
        metrics,
        records,
        failure_table(failures),
        predictions,
        tuple(class_names),
        tuple(priority),
        threshold,
    )


def expected_seconds(judge: Callable[..., object], model: nn.Module, samples: Samples, few: int = 3) -> float:
    """Estimated seconds of ``judge(model, samples=samples)``, measured on a few of the samples after one to warm up."""
    some = [samples[position] for position in range(min(few, len(samples)))]
    judge(model, samples=some[:1])
    started = time.perf_counter()
    judge(model, samples=some)
    return (time.perf_counter() - started) * len(samples) / len(some)


class Judged(NamedTuple):
    """What is kept for each image: its record, its failures, and its packed mask."""

    position: int
    counts: Tensor
    loss: float
    row: dict[str, object]
    failures: list[dict[str, object]]
    shape: tuple[int, int]
    packed: bytes


def _judge(predicted: Predicted, rule: Rule) -> Judged:
    position, sample, mask, counts, loss = predicted
    row, failed = edge_case(counts, mask, sample.mask, rule)
    frame = {"name": sample.name, "sequence": sample.sequence}
    failures = [{"position": position} | frame | one for one in failure_rows(failed, mask, sample.mask, rule)]
    height, width = mask.shape
    return Judged(position, counts, loss, frame | row, failures, (height, width), pack(mask))
