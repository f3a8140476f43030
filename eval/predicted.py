"""Every image of a split once through the network, a batch of one size at a time."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from eval.depth.scale import canonical_truth, focal_of, metres_per_canonical
from eval.inference import (
    Outputs,
    SizeFor,
    computes_beside,
    evaluating,
    label_masks,
    on_device,
    predict_outputs,
    resize_image,
)
from eval.metrics import confusion_matrix, known_labels, label_counts
from eval.samples import Depth, Sample, Samples
from eval.stored import Mask
from files.ordered import map_ordered

Loss = Callable[..., Tensor]  # of logits and masks, or of outputs, masks and canonical depth
Placed = tuple[int, Sample]  # position in the split, and a sample whose image (h, w, 3) is as the model gets it
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

    Images are read ahead in threads. torch computes in the caller's alone, on all cores. A GPU computes the next batch
    while the results of one are taken.
    """
    focal, begun = focal_of(model), deque[_Begun]()
    for group in _groups(samples, size_for, batch_size):
        with evaluating(model):
            outputs = predict_outputs(model, [sample.image for _, sample in group], device, precision)
            begun.append(_begin(group, outputs, loss, num_classes, focal))
        del outputs
        if len(begun) > computes_beside(device):
            yield from _results(begun.popleft(), num_classes, focal)
    for one in begun:
        yield from _results(one, num_classes, focal)


class _Begun(NamedTuple):
    """A batch, of which a GPU may still compute what it is to give.

    Attributes:
        group: its samples.
        labels: masks (n, H, W) uint8 of the samples after each other whose masks have one size; none without classes.
        tables: for each of ``labels`` its counts (n, 256, C) by true label and class; none on a CPU.
        depth: (N, h, w) canonical metres, or None.
        finite: for "logits" and "depth", if there are any, whether those of each sample are finite: (N,).
        loss: a scalar, or None.
    """

    group: list[Placed]
    labels: list[Tensor]
    tables: list[Tensor]
    depth: Tensor | None
    finite: dict[str, Tensor]
    loss: Tensor | None


def _begin(group: list[Placed], outputs: Outputs, loss: Loss | None, num_classes: int, focal: float) -> _Begun:
    """What follows from what a model returned, where that is. A GPU is not waited for."""
    members = [sample for _, sample in group]
    returned = {"logits": outputs.logits, "depth": outputs.depth}
    finite = {name: part.flatten(1).sum(1).isfinite() for name, part in returned.items() if part is not None}
    value = None if loss is None else _loss_of(members, outputs, loss, focal)
    labels: list[Tensor] = []
    tables: list[Tensor] = []
    for shape, alike in groupby(range(len(members)), key=lambda place: members[place].mask.shape):
        if outputs.logits is None:
            break
        places = list(alike)
        labels.append(label_masks(outputs.logits[places[0] : places[-1] + 1], (shape[0], shape[1])))
        if computes_beside(labels[-1].device):
            target = on_device(np.stack([members[place].mask for place in places]), labels[-1].device)
            tables.append(label_counts(labels[-1], target, num_classes))
    return _Begun(group, labels, tables, outputs.depth, finite, value)


def _results(begun: _Begun, num_classes: int, focal: float) -> Iterator[Predicted]:
    """The images of a batch, fetched from the device."""
    _require_finite(begun)
    masks = [mask for part in begun.labels for mask in part.cpu().numpy()]
    tables = [table for part in begun.tables for table in part.cpu()]
    depths = None if begun.depth is None else begun.depth.cpu().numpy()
    value = float("nan") if begun.loss is None else float(begun.loss)
    for place, (position, sample) in enumerate(begun.group):
        mask = masks[place] if masks else None
        counts = None if mask is None else _count(sample, mask, tables[place] if tables else None, num_classes)
        depth = None if depths is None else _metres(sample, depths[place], focal)
        yield Predicted(position, sample, mask, counts, value, depth)


def _require_finite(begun: _Begun) -> None:
    for name, finite in begun.finite.items():
        for (_, sample), whole in zip(begun.group, finite.tolist(), strict=True):
            if not whole:
                what = "logits are" if name == "logits" else "depth is"
                raise ValueError(f"{sample.name}: the model's {what} not finite: its weights have diverged; lower lr")


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


def _metres(sample: Sample, canonical: Depth, focal: float) -> Depth:
    """Metres (h, w) of canonical depth (h, w)."""
    height, width = canonical.shape
    scale = metres_per_canonical(sample.camera, sample.frame_size, (height, width), focal)
    return np.asarray(canonical * np.float32(scale), np.float32)


def _loss_of(samples: Sequence[Sample], outputs: Outputs, loss: Loss, focal: float) -> Tensor:
    """The loss of a batch, as in training: the truth is at the size (h, w) of what the model returned."""
    first = outputs.depth if outputs.logits is None else outputs.logits
    assert first is not None, "the model returned neither logits nor depth"
    height, width = first.shape[-2:]
    masks = [cv2.resize(sample.mask, (width, height), interpolation=cv2.INTER_NEAREST_EXACT) for sample in samples]
    target = on_device(np.stack(masks), first.device).long()
    if outputs.plain:
        return loss(outputs.logits, target)
    depths = np.stack([canonical_truth(sample, (height, width), focal) for sample in samples])
    return loss(outputs, target, on_device(depths, first.device))


def _count(sample: Sample, pred: Mask, table: Tensor | None, num_classes: int) -> Tensor:
    """(C, C) confusion matrix of one image. ``table``: its counts (256, C), if they are known."""
    try:
        if table is not None:
            return known_labels(table)
        return confusion_matrix(torch.from_numpy(pred), torch.from_numpy(sample.mask), num_classes)
    except ValueError as error:
        raise ValueError(f"{sample.name}: {error}") from error
