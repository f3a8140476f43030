"""Whether an exported model does what the PyTorch model does."""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from eval.inference import Outputs, as_outputs

LEAST_SAME = 0.999  # share of the pixels that must get the same class
MOST_APART = 1e-3  # largest difference of a logit, as a share of the largest logit, and of a depth, as a share of it
SIZES = ((64, 96), (97, 131), (33, 50))  # beside the one at which the model predicts; two are no multiples of 32


class ExportError(ValueError):
    """An exported model that does not predict as the original."""


class Agreement(NamedTuple):
    """How two models agree on images (N, 3, `size`); NaN for what they do not predict.

    apart: largest difference of a logit. largest: the largest logit. same: share of pixels of the same class.
    depth: largest difference of a depth, as a share of it.
    """

    batch: int
    size: tuple[int, int]
    apart: float = math.nan
    largest: float = math.nan
    same: float = math.nan
    depth: float = math.nan


def verify(
    model: Callable[[Tensor], Any],
    exported: Callable[[Tensor], Any],
    sizes: Sequence[tuple[int, int]],
    progress: Callable[[Iterable[tuple[int, int]]], Iterable[tuple[int, int]]] = iter,
) -> list[Agreement]:
    """Compare all outputs of both on drawn images of each size; batches of one and of two take turns.

    Raises:
        ExportError: at some size fewer than 99.9 % of the pixels get the same class, a logit differs by more than
            a thousandth of the largest, a depth by more than a thousandth of it, or the exported model refuses the
            size.
    """
    found = []
    for number, size in enumerate(progress(dict.fromkeys(sizes))):
        images = drawn_images(1 + number % 2, size)
        with torch.inference_mode():
            expected = as_outputs(model(images))
            try:
                outputs = as_outputs(exported(images))
            except RuntimeError as error:
                raise ExportError(
                    f"the exported file fails on images of {size[0]}x{size[1]} ({_first_line(error)})"
                ) from error
        found.append(_agreement(expected, outputs, Agreement(len(images), size)))
    return found


def drawn_images(count: int, size: tuple[int, int], seed: int = 0) -> Tensor:
    """Images (count, 3, *size) in [0, 1] with large shapes and fine grain; the same for the same seed."""
    random = torch.Generator().manual_seed(seed)
    large = F.interpolate(torch.rand(count, 3, 5, 7, generator=random), size=size, mode="bicubic", align_corners=False)
    return (large + 0.1 * torch.randn(count, 3, *size, generator=random)).clamp(0, 1)


def _agreement(expected: Outputs, found: Outputs, agreement: Agreement) -> Agreement:
    """The agreement with its figures, which were judged."""
    for name in ("logits", "depth"):
        _require_shape(name, getattr(expected, name), getattr(found, name))
    if expected.logits is not None and found.logits is not None:
        agreement = _judged_classes(expected.logits, found.logits, agreement)
    if expected.depth is not None and found.depth is not None:
        agreement = _judged_depth(expected.depth, found.depth, agreement)
    return agreement


def _require_shape(name: str, expected: Tensor | None, found: Tensor | None) -> None:
    wanted, shape = ("none" if one is None else tuple(one.shape) for one in (expected, found))
    if shape != wanted:
        raise ExportError(f"the exported file returns {name} {shape}, but the model returns {wanted}")


def _judged_classes(expected: Tensor, logits: Tensor, agreement: Agreement) -> Agreement:
    apart, largest = float((logits - expected).abs().max()), float(expected.abs().max())
    same = float((logits.argmax(1) == expected.argmax(1)).double().mean())
    at = _place(agreement)
    if not same >= LEAST_SAME:
        raise ExportError(
            f"{at} only {same:.2%} of the pixels get the same class as from the model; {LEAST_SAME:.1%} are needed"
        )
    if not apart <= MOST_APART * largest:
        raise ExportError(f"{at} logits differ by up to {apart:.3g}, and the largest logit is {largest:.3g}")
    return agreement._replace(apart=apart, largest=largest, same=same)


def _judged_depth(expected: Tensor, depth: Tensor, agreement: Agreement) -> Agreement:
    apart = float(((depth - expected).abs() / expected).max())
    if not apart <= MOST_APART:
        raise ExportError(f"{_place(agreement)} depth differs by up to {apart:.3%}; {MOST_APART:.1%} are allowed")
    return agreement._replace(depth=apart)


def _place(agreement: Agreement) -> str:
    return f"at {agreement.size[0]}x{agreement.size[1]}"


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
