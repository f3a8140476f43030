"""Whether an exported model does what the PyTorch model does."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

LEAST_SAME = 0.999  # share of the pixels that must get the same class
MOST_APART = 1e-3  # largest difference of a logit, as a share of the largest logit
SIZES = ((64, 96), (97, 131), (33, 50))  # beside the one at which the model predicts; two are no multiples of 32


class ExportError(ValueError):
    """An exported model that does not predict as the original."""


class Agreement(NamedTuple):
    """Images (N, 3, `size`): largest difference of a logit, the largest logit, share of pixels of the same class."""

    batch: int
    size: tuple[int, int]
    apart: float
    largest: float
    same: float


def verify(
    model: Callable[[Tensor], Tensor],
    exported: Callable[[Tensor], Tensor],
    sizes: Sequence[tuple[int, int]],
    progress: Callable[[Iterable[tuple[int, int]]], Iterable[tuple[int, int]]] = iter,
) -> list[Agreement]:
    """Compare both on drawn images of each size; batches of one and of two take turns.

    Raises:
        ExportError: at some size fewer than 99.9 % of the pixels get the same class, a logit differs by more than
            a thousandth of the largest, or the exported model refuses the size.
    """
    found = []
    for number, size in enumerate(progress(dict.fromkeys(sizes))):
        images = drawn_images(1 + number % 2, size)
        with torch.inference_mode():
            expected = model(images)
            try:
                logits = exported(images)
            except RuntimeError as error:
                raise ExportError(
                    f"the exported file fails on images of {size[0]}x{size[1]} ({_first_line(error)})"
                ) from error
        found.append(_agreement(expected, logits, size))
        _judge(found[-1])
    return found


def drawn_images(count: int, size: tuple[int, int], seed: int = 0) -> Tensor:
    """Images (count, 3, *size) in [0, 1] with large shapes and fine grain; the same for the same seed."""
    random = torch.Generator().manual_seed(seed)
    large = F.interpolate(torch.rand(count, 3, 5, 7, generator=random), size=size, mode="bicubic", align_corners=False)
    return (large + 0.1 * torch.randn(count, 3, *size, generator=random)).clamp(0, 1)


def _agreement(expected: Tensor, logits: Tensor, size: tuple[int, int]) -> Agreement:
    if logits.shape != expected.shape:
        raise ExportError(
            f"the exported file returns logits {tuple(logits.shape)}, but the model returns {tuple(expected.shape)}"
        )
    apart = float((logits - expected).abs().max())
    same = float((logits.argmax(1) == expected.argmax(1)).double().mean())
    return Agreement(len(logits), size, apart, float(expected.abs().max()), same)


def _judge(found: Agreement) -> None:
    at = f"at {found.size[0]}x{found.size[1]}"
    if not found.same >= LEAST_SAME:
        raise ExportError(
            f"{at} only {found.same:.2%} of the pixels get the same class as from the model; {LEAST_SAME:.1%} are "
            "needed"
        )
    if not found.apart <= MOST_APART * found.largest:
        raise ExportError(
            f"{at} logits differ by up to {found.apart:.3g}, and the largest logit is {found.largest:.3g}"
        )


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
