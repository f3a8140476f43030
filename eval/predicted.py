"""Every image of a split once through the network, a batch of one size at a time."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple, TypeVar

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from eval.depth.scale import canonical_truth, focal_of, metres_per_canonical
from eval.inference import Outputs, SizeFor, evaluating, label_mask, predict_outputs, resize_image
from eval.metrics import confusion_matrix
from eval.samples import Depth, Sample, Samples
from eval.stored import Mask
from files.ordered import map_ordered

Loss = Callable[..., Tensor]  # of logits and masks, or of outputs, masks and canonical depth
Placed = tuple[int, Sample]  # position in the split, and a sample whose image (h, w, 3) is as the model gets it
R = TypeVar("R")
WAITING = 8  # batches of samples that wait at most for others of their size


class Predicted(NamedTuple):
    """An image that was predicted.

    Attributes:
        position: in the split.
        sample: with its image (h, w, 3) as the model got it.
        mask: (H, W) at its truth's size, and ``counts`` (C, C) of both; both None if the model predicts no classes.
        loss: that of its batch.
        depth: (h, w) in metres, or None.
    """

    position: int
    sample: Sample
    mask: Mask | None
    counts: Tensor | None
    loss: float
    depth: Depth | None


def predicted_images(
    model: nn.Module,
    samples: Samples,
    *,
    size_for: SizeFor | None,
    batch_size: int,
    device: str | torch.device,
    precision: str,
    loss: Loss | None,
    num_classes: int,
) -> Iterator[Predicted]:
    """Each image with its prediction, in about the order of the split; arguments and errors are ``evaluate``'s.

    Images are read ahead in threads. torch computes in the caller's alone, on all cores.
    """
    focal = focal_of(model)
    for group in _groups(samples, size_for, batch_size):
        members = [sample for _, sample in group]
        with evaluating(model):
            outputs = predict_outputs(model, [sample.image for sample in members], device, precision)
            masks = _each(_mask_of, members, outputs.logits)
            depths = _each(partial(_depth_of, focal=focal), members, outputs.depth)
            value = float("nan") if loss is None else _loss_of(members, outputs, loss, focal)
        del outputs
        for (position, sample), mask, depth in zip(group, masks, depths, strict=True):
            counts = None if mask is None else _count(sample, mask, num_classes)
            yield Predicted(position, sample, mask, counts, value, depth)


def _groups(samples: Samples, size_for: SizeFor | None, batch_size: int) -> Iterator[list[Placed]]:
    """Samples whose images have one size at the model, ``batch_size`` of them or as many as come near each other.

    As many as a batch are read ahead of the one that comes next.
    """

    def read(position: int) -> Placed:
        sample = samples[position]
        height, width = sample.image.shape[:2]
        return position, sample._replace(image=resize_image(sample.image, size_for and size_for((height, width))))

    waiting: dict[tuple[int, ...], list[Placed]] = {}
    for position, sample in map_ordered(read, range(len(samples)), most=batch_size + 1):
        waiting.setdefault(sample.image.shape, []).append((position, sample))
        fullest = max(waiting, key=lambda shape: len(waiting[shape]))
        if len(waiting[fullest]) == batch_size or sum(map(len, waiting.values())) == WAITING * batch_size:
            yield waiting.pop(fullest)
    yield from waiting.values()


def _each(work: Callable[[Sample, Tensor], R], samples: Sequence[Sample], found: Tensor | None) -> Sequence[R | None]:
    """What ``work`` makes of each sample and its part of what the model returned; None for all if that is nothing."""
    return [None] * len(samples) if found is None else list(map(work, samples, found))


def _mask_of(sample: Sample, scores: Tensor) -> Mask:
    if not scores.sum().isfinite():
        raise ValueError(f"{sample.name}: the model's logits are not finite: its weights have diverged; lower lr")
    height, width = sample.mask.shape
    return label_mask(scores, (height, width)).cpu().numpy()


def _depth_of(sample: Sample, canonical: Tensor, focal: float) -> Depth:
    """Metres (h, w) of canonical depth (h, w)."""
    if not canonical.sum().isfinite():
        raise ValueError(f"{sample.name}: the model's depth is not finite: its weights have diverged; lower lr")
    height, width = canonical.shape
    scale = metres_per_canonical(sample.camera, sample.frame_size, (height, width), focal)
    return np.asarray(canonical.cpu().numpy() * np.float32(scale), np.float32)


def _loss_of(samples: Sequence[Sample], outputs: Outputs, loss: Loss, focal: float) -> float:
    """The loss of a batch, as in training: the truth is at the size (h, w) of what the model returned."""
    first = outputs.depth if outputs.logits is None else outputs.logits
    assert first is not None, "the model returned neither logits nor depth"
    height, width = first.shape[-2:]
    masks = [cv2.resize(sample.mask, (width, height), interpolation=cv2.INTER_NEAREST_EXACT) for sample in samples]
    target = torch.from_numpy(np.stack(masks)).long().to(first.device)
    if outputs.plain:
        return float(loss(outputs.logits, target))
    depths = np.stack([canonical_truth(sample, (height, width), focal) for sample in samples])
    return float(loss(outputs, target, torch.from_numpy(depths).to(first.device)))


def _count(sample: Sample, pred: Mask, num_classes: int) -> Tensor:
    """(C, C) confusion matrix of one image."""
    try:
        return confusion_matrix(torch.from_numpy(pred), torch.from_numpy(sample.mask), num_classes)
    except ValueError as error:
        raise ValueError(f"{sample.name}: {error}") from error
