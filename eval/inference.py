"""From an image to class indices: resize, forward pass, logits upsampled to the image's own size, argmax."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

PRECISIONS = ("fp32", "bf16")
TOGETHER = 2**28  # logits that are upsampled at once on a GPU: 1 GiB
SizeFor = Callable[[tuple[int, int]], tuple[int, int]]  # from an image's (H, W) to the (h, w) of the logits


def autocast(device: str | torch.device, precision: str) -> AbstractContextManager[object]:
    """Context for the forward pass: bfloat16 autocast for "bf16", nothing for "fp32".

    Raises:
        ValueError: unknown precision.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"precision={precision!r} is unknown; choose from {', '.join(PRECISIONS)}")
    if precision == "fp32":
        return nullcontext()
    return torch.autocast(torch.device(device).type, dtype=torch.bfloat16)


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Eval mode without gradients inside; every module's own mode is put back afterwards (frozen parts stay frozen)."""
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        for module, mode in modes.items():
            module.training = mode


def resize_image(image: NDArray[np.uint8], size: tuple[int, int] | None) -> NDArray[np.uint8]:
    """Resize (H, W, 3) uint8 to ``size`` (h, w): by area when it shrinks, bilinearly when it grows; None keeps it."""
    if size is None or image.shape[:2] == size:
        return image
    shrinks = size[0] * size[1] < image.shape[0] * image.shape[1]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (size[1], size[0]), interpolation=method), dtype=np.uint8)


class Outputs(NamedTuple):
    """What a model returned for N images, in float32.

    Attributes:
        logits: (N, C, h, w), or None.
        depth: (N, h, w) canonical metres, as `eval.depth.scale` explains, or None.
        log_variances: those of the tasks, if the model learns the weights of its losses.
        plain: the model returned logits alone, as a tensor.
    """

    logits: Tensor | None = None
    depth: Tensor | None = None
    log_variances: Tensor | None = None
    plain: bool = False


def predict_outputs(
    model: nn.Module, images: Sequence[NDArray[np.uint8]], device: str | torch.device = "cpu", precision: str = "fp32"
) -> Outputs:
    """What a model returns for images of one size, in the mode the model is in.

    Args:
        model: images (N, 3, h, w) in [0, 1] to logits (N, C, h, w), or to an object with ``logits`` and ``depth``
            (N, h, w), each of which may be None; on ``device``.
        images: N arrays (h, w, 3) uint8 RGB.
        device: where to compute.
        precision: "fp32" or "bf16" (autocast).

    Returns:
        Tensors on ``device``.
    """
    batch = on_device(np.stack(images), device)  # (N, h, w, 3)
    batch = batch.permute(0, 3, 1, 2).float().div_(255)  # (N, 3, h, w), channels_last in memory
    with torch.inference_mode(), autocast(device, precision):
        returned = model(batch)
    return as_outputs(returned)


def computes_beside(device: str | torch.device) -> bool:
    """Whether a device computes beside Python, which may go on before the results are there."""
    return torch.device(device).type != "cpu"


def on_device(array: NDArray[Any], device: str | torch.device) -> Tensor:
    """A tensor on a device. It goes to a GPU from pinned memory, and nobody waits for what the GPU is doing."""
    tensor = torch.from_numpy(array)
    if torch.device(device).type != "cuda":
        return tensor.to(device)
    return tensor.pin_memory().to(device, non_blocking=True)


def as_outputs(returned: Any) -> Outputs:
    """What a model returned: logits, or an object with ``logits`` and ``depth``, each of which may be None."""
    if isinstance(returned, Tensor):
        return Outputs(returned.float(), plain=True)
    parts = {name: getattr(returned, name, None) for name in ("logits", "depth", "log_variances")}
    return Outputs(**{name: part.float() for name, part in parts.items() if part is not None})


def label_mask(logits: Tensor, size: tuple[int, int]) -> Tensor:
    """Class indices (H, W) uint8 of one image: logits (C, h, w) upsampled bilinearly to ``size`` (H, W), then argmax.

    On a CPU OpenCV upsamples, class by class. With torch, ``interpolate(logits).argmax(0)`` takes several times as
    long. Labels are the same, except where two classes are equal but for the rounding of their logits.
    """
    if logits.device.type != "cpu":
        return _enlarged(logits[None], size)[0].argmax(0).to(torch.uint8)
    height, width = size
    labels, best = np.zeros(size, np.uint8), np.full(size, -np.inf, np.float32)
    for index, plane in enumerate(logits.contiguous().numpy()):
        scores = cv2.resize(plane, (width, height), interpolation=cv2.INTER_LINEAR)
        wins = scores > best  # ties stay with the lower index, as in argmax
        np.maximum(labels, wins.view(np.uint8) * np.uint8(index), out=labels)
        np.maximum(best, scores, out=best)
    return torch.from_numpy(labels)


def label_masks(logits: Tensor, size: tuple[int, int]) -> Tensor:
    """Class indices (N, H, W) uint8 of several images, as ``label_mask`` gives them; on a GPU many at once."""
    if not computes_beside(logits.device):
        return torch.stack([label_mask(each, size) for each in logits])
    together = max(1, TOGETHER // (logits.shape[1] * size[0] * size[1]))
    return torch.cat([_enlarged(part, size).argmax(1).to(torch.uint8) for part in torch.split(logits, together)])


def _enlarged(logits: Tensor, size: tuple[int, int]) -> Tensor:
    """(N, C, h, w) to (N, C, H, W), bilinearly."""
    if logits.shape[-2:] == size:
        return logits
    return functional.interpolate(logits.contiguous(), size=size, mode="bilinear", align_corners=False)


def predict_mask(
    model: nn.Module,
    image: NDArray[np.uint8],
    size: tuple[int, int] | None = None,
    device: str | torch.device = "cpu",
    precision: str = "fp32",
) -> NDArray[np.uint8]:
    """Class indices (H, W) uint8 of one image (H, W, 3) uint8 RGB, at the image's own size.

    Logits are computed at ``size`` (h, w), or at the image's size when it is None.
    """
    with evaluating(model):
        logits = predict_outputs(model, [resize_image(image, size)], device, precision).logits
        assert logits is not None, "the model predicts no classes"
        height, width = image.shape[:2]
        return label_mask(logits[0], (height, width)).cpu().numpy()
