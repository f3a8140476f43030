"""On which device a command computes, and in which number format."""

from __future__ import annotations

import torch

from files.ordered import cores


def has_fast_bf16(device: str) -> bool:
    """Whether the hardware multiplies bfloat16 faster than float32."""
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    capabilities = torch.backends.cpu.get_cpu_capability()
    return "AVX512" in capabilities and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def resolve_device(device: str) -> str:
    """`auto` is cuda where there is one.

    Raises:
        OSError: cuda is asked for and there is none.
    """
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda" and not torch.cuda.is_available():
        raise OSError("device='cuda': this machine shows no CUDA device; use device=cpu or auto")
    return device


def resolve_precision(precision: str, device: str) -> str:
    """`auto` is bf16 where it is fast, else fp32."""
    if precision == "auto":
        return "bf16" if has_fast_bf16(device) else "fp32"
    return precision


def bound_threads() -> None:
    """Let torch use no more threads than there are cores for this process.

    By itself it uses one for each core of the machine, and in a container with fewer they hinder each other.
    """
    torch.set_num_threads(min(torch.get_num_threads(), cores()))
