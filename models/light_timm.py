"""timm, imported without torch's compiler and W&B, which would take most of the time of the import.

timm and torchvision need the compiler only to mark functions for it, and to ask whether it works. Here both wait until
such a function is called. timm needs W&B only for a training script of its own.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from types import ModuleType
from typing import Any

import torch

COMPILER = "torch._dynamo.utils"  # whose import takes a second and more


@contextmanager
def _standing_in() -> Iterator[None]:
    """In this block an import gets the compiler's two functions as ones that load it when they are called."""
    utils, disable = ModuleType(COMPILER), torch.compiler.disable
    utils.is_compile_supported = _is_compile_supported  # type: ignore[attr-defined]
    absent = {name: part for name, part in ((COMPILER, utils), ("wandb", None)) if name not in sys.modules}
    sys.modules.update(absent)  # type: ignore[arg-type]
    torch.compiler.disable = _disabled_later  # type: ignore[assignment]
    try:
        yield
    finally:
        torch.compiler.disable = disable
        for name in absent:
            del sys.modules[name]


def _is_compile_supported(device: str) -> bool:
    from torch._dynamo.utils import is_compile_supported

    return bool(is_compile_supported(device))


def _disabled_later(function: Callable[..., Any]) -> Callable[..., Any]:
    """`torch.compiler.disable(function)`, made when it is called."""

    @wraps(function)
    def later(*arguments: Any, **named: Any) -> Any:
        return torch.compiler.disable(function)(*arguments, **named)  # type: ignore[no-untyped-call]

    return later


with _standing_in():
    import timm

__all__ = ["timm"]
