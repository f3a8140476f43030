"""Every image of a split once through the network, a batch of one size at a time."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from eval.inference import SizeFor, evaluating, label_mask, predict_logits, resize_image
from eval.metrics import confusion_matrix
from eval.samples import Sample, Samples
from eval.stored import Mask
from files.ordered import map_ordered

Loss = Callable[[Tensor, Tensor], Tensor]
Placed = tuple[int, Sample]  # position in the split, and a sample whose image (h, w, 3) is as the model gets it
WAITING = 8  # batches of samples that wait at most for others of their size


class Predicted(NamedTuple):
    """An image that was predicted: ``mask`` (H, W) at its truth's size, and the (C, C) ``counts`` of both.

    ``loss`` is that of its batch.
    """

    position: int
    sample: Sample
    mask: Mask
    counts: Tensor
    loss: float


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
    for group in _groups(samples, size_for, batch_size):
        with evaluating(model):
            logits = predict_logits(model, [sample.image for _, sample in group], device, precision)  # (N, C, h, w)
            masks = [_mask_of(sample, scores) for (_, sample), scores in zip(group, logits, strict=True)]
            value = float("nan") if loss is None else _loss_of([sample for _, sample in group], logits, loss)
        del logits
        for (position, sample), mask in zip(group, masks, strict=True):
            yield Predicted(position, sample, mask, _count(sample, mask, num_classes), value)


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


def _mask_of(sample: Sample, scores: Tensor) -> Mask:
    if not scores.sum().isfinite():
        raise ValueError(f"{sample.name}: the model's logits are not finite: its weights have diverged; lower lr")
    height, width = sample.mask.shape
    return label_mask(scores, (height, width)).cpu().numpy()


def _loss_of(samples: Sequence[Sample], logits: Tensor, loss: Loss) -> float:
    """The loss of a batch, as in training: of logits (N, C, h, w) against the masks at their size."""
    height, width = logits.shape[-2:]
    targets = [cv2.resize(sample.mask, (width, height), interpolation=cv2.INTER_NEAREST_EXACT) for sample in samples]
    return float(loss(logits, torch.from_numpy(np.stack(targets)).long().to(logits.device)))


def _count(sample: Sample, pred: Mask, num_classes: int) -> Tensor:
    """(C, C) confusion matrix of one image."""
    try:
        return confusion_matrix(torch.from_numpy(pred), torch.from_numpy(sample.mask), num_classes)
    except ValueError as error:
        raise ValueError(f"{sample.name}: {error}") from error
