"""Evaluate a model on a split: each image once, without augmentation, scored at the size of its truth."""

import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import nn
from tqdm import tqdm

from eval.depth.scale import focal_of
from eval.evaluation import Evaluation
from eval.failures import THRESHOLD, Rule
from eval.inference import SizeFor
from eval.judged import judge
from eval.objects import OBJECT_AREA
from eval.predicted import Loss, predicted_images
from eval.samples import FrameSamples, KeptSamples, Sample, Samples
from eval.tally import Tally
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
    depth_threshold: float = 0.0,
    loss: Loss | None = None,
    progress: bool | None = None,
) -> Evaluation:
    """Predict every image of a split once and score it at its mask's own size.

    Images are read and scored in threads, some at a time, and predictions are stored on the disk.

    Args:
        model: images (N, 3, h, w) in [0, 1] to logits (N, C, h, w), or to what ``predict_outputs`` takes with depth; of
            a model of depth, the buffer ``focal`` is read. It is moved to ``device``; its modes are restored.
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
        depth_threshold: an image is flagged if the mean relative error of depth on the pixels of a priority class is
            above it; 0 flags none.
        loss: a function of logits (N, C, h, w) and target (N, h, w), or, if the model returns no plain tensor, of
            ``Outputs``, target and true canonical depth (N, h, w), NaN where unknown. The metric ``loss`` is its mean
            over the images: what training minimises, without augmentation and auxiliary logits.
        progress: True shows a bar on stderr, False shows none, None shows one only on a terminal.

    Raises:
        ValueError: the split is empty, the names do not match the classes, a label is not a class, or logits or
            depth are not finite.
    """
    if len(samples) == 0:
        raise ValueError("the split has no images, so there is nothing to evaluate")
    if len(class_names) != num_classes:
        raise ValueError(f"class_names has {len(class_names)} names for num_classes={num_classes}")
    rule = Rule(class_names, priority, threshold, object_area, severity, depth_threshold)
    tally = Tally(len(samples), rule, background)
    judging = partial(judge, rule=rule, focal=focal_of(model))
    hide = None if progress is None else not progress
    with tqdm(total=len(samples), desc="evaluate", unit="img", file=sys.stderr, disable=hide) as bar:
        how: Any = {"size_for": size_for, "batch_size": batch_size, "device": device, "precision": precision}
        images = predicted_images(model.to(device), samples, loss=loss, num_classes=num_classes, **how)
        for one in map_ordered(judging, images, SCORERS, SCORERS + 1):
            tally.add(one)
            bar.update()
    return tally.evaluation(with_loss=loss is not None)


def expected_seconds(judge: Callable[..., object], model: nn.Module, samples: Samples, few: int = 3) -> float:
    """Estimated seconds of ``judge(model, samples=samples)``, measured on a few of the samples after one to warm up."""
    some = [samples[position] for position in range(min(few, len(samples)))]
    judge(model, samples=some[:1])
    started = time.perf_counter()
    judge(model, samples=some)
    return (time.perf_counter() - started) * len(samples) / len(some)
