"""An exported model read back, to predict and to be timed like any other.

An ONNX file is data for ONNX Runtime. A TorchScript file is a program: it is loaded only when its path was named, and
whoever names it trusts its author as one trusts the author of a program. No pickle of Python is read from either.
"""

import json
import math
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from eval.export.formats import FORMATS, INPUT, KEY, ExportMissing, missing_packages

REQUIRED = ("config", "taxonomy", "parameters")


@dataclass(frozen=True)
class Exported:
    """A model from a file, with what came in its metadata; `parameters` is their number in the original."""

    model: nn.Module
    config: dict[str, Any]
    taxonomy: dict[str, Any]
    metrics: dict[str, Any]
    parameters: int
    path: Path

    @property
    def mb(self) -> float:
        """The file's size in 10⁶ bytes."""
        return self.path.stat().st_size / 1e6


class OnnxModel(nn.Module):
    """ONNX Runtime behind a module: images (N, 3, H, W) in [0, 1] on the CPU to logits (N, C, H, W) float32."""

    def __init__(self, path: Path, threads: int | None = None) -> None:
        """threads: of the runtime, by default as many as PyTorch uses."""
        super().__init__()
        try:
            import onnxruntime
        except ImportError as error:
            raise ExportMissing(missing_packages(error)) from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or torch.get_num_threads()
        options.log_severity_level = 3
        try:
            self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # noqa: BLE001  (the runtime's own kinds have no common base but this)
            raise ValueError(
                f"{path}: the file is not an ONNX model, or is damaged ({str(error).splitlines()[0]})"
            ) from None

    def metadata(self) -> dict[str, str]:
        """Texts by key."""
        return dict(self.session.get_modelmeta().custom_metadata_map)

    def forward(self, images: Tensor) -> Tensor:
        """Logits of images; RuntimeError if the runtime refuses them."""
        array = np.ascontiguousarray(images.float().numpy())
        try:
            (logits,) = self.session.run(None, {INPUT: array})
        except Exception as error:
            raise RuntimeError(str(error)) from error
        return torch.from_numpy(logits)


def is_exported(path: Path) -> bool:
    """Whether the file's name says that it is an exported model."""
    return path.suffix in {form.suffix for form in FORMATS.values()}


def load_exported(path: Path, device: str = "cpu") -> Exported:
    """The model in a file that `eval.export` wrote, ready to predict on `device` (ONNX: the CPU).

    Raises:
        ValueError: naming the file, where it is missing, damaged, or was not written here.
        ExportMissing: ONNX Runtime is not installed.
    """
    if not path.is_file():
        raise ValueError(f"{path}: not found; `python -m eval export MODEL` writes one")
    if path.suffix == FORMATS["onnx"].suffix:
        if device != "cpu":
            raise ValueError(f"{path}: ONNX files run only on the CPU here; use --device cpu")
        model = OnnxModel(path)
        return _with_metadata(model.eval(), model.metadata().get(KEY, ""), path)
    extra = {KEY: ""}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # deprecated, see `write_torchscript`
            script = torch.jit.load(str(path), map_location=device, _extra_files=extra)  # type: ignore[no-untyped-call]
    except (RuntimeError, ValueError, OSError) as error:
        raise ValueError(
            f"{path}: the file is not a TorchScript model, or is damaged ({str(error).splitlines()[0]})"
        ) from error
    return _with_metadata(script.eval(), extra[KEY], path)


def _with_metadata(model: nn.Module, text: str | bytes, path: Path) -> Exported:
    try:
        content = json.loads(text)
        missing = [key for key in REQUIRED if key not in content]
    except (ValueError, TypeError):
        missing = [*REQUIRED]
    if missing:
        raise ValueError(
            f"{path}: its metadata has no {', '.join(missing)}; use a file that `python -m eval export` wrote"
        )
    metrics = {key: math.nan if value is None else value for key, value in content.get("metrics", {}).items()}
    return Exported(model, content["config"], content["taxonomy"], metrics, content["parameters"], path)
