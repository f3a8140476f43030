"""An exported model read back, to predict and to be timed like any other.

An ONNX file is data for ONNX Runtime. A TorchScript file is a program: it is loaded only when its path was named, and
whoever names it trusts its author as one trusts the author of a program. No pickle of Python is read from either.
"""

import json
import math
import warnings
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from eval.export.formats import FORMATS, INPUT, KEY, OUTPUTS, ExportMissing, missing_packages
from eval.inference import Outputs

REQUIRED = ("config", "taxonomy", "parameters")


@dataclass(frozen=True)
class Exported:
    """A model from a file, with what came in its metadata; `parameters` is their number in the original.

    `model` returns logits (N, C, H, W); if it predicts depth, it is a `TaskModel`.
    """

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
    """ONNX Runtime behind a module: images (N, 3, H, W) in [0, 1] on the CPU to the file's output, or a tuple of them.

    Outputs are float32 on the CPU.
    """

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

    def forward(self, images: Tensor) -> Tensor | tuple[Tensor, ...]:
        """Outputs of images; RuntimeError if the runtime refuses them."""
        array = np.ascontiguousarray(images.float().numpy())
        try:
            outputs = tuple(map(torch.from_numpy, self.session.run(None, {INPUT: array})))
        except Exception as error:
            raise RuntimeError(str(error)) from error
        return outputs if len(outputs) > 1 else outputs[0]


class TaskModel(nn.Module):
    """An exported model that predicts depth: images (N, 3, H, W) in [0, 1] to `Outputs`.

    Attributes:
        focal: the focal length of canonical depth in pixels of the network's input, as `focal_of` reads it; NaN if it
            is not known.
    """

    def __init__(self, model: nn.Module, tasks: Collection[str], focal: float) -> None:
        """model: returns the output of each of the tasks, in the order of `OUTPUTS`."""
        super().__init__()
        self.model = model
        self.names = [name for task, name in OUTPUTS.items() if task in tasks]
        self.focal = focal

    def forward(self, images: Tensor) -> Outputs:
        """Outputs of images; RuntimeError if the file refuses them."""
        returned = self.model(images)
        outputs = (returned,) if isinstance(returned, Tensor) else returned
        return Outputs(**dict(zip(self.names, outputs, strict=True)))


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
    metrics = {key: _number(value) for key, value in content.get("metrics", {}).items()}
    tasks = content["config"].get("tasks", ())  # earlier versions have none
    if "depth" in tasks:
        model = TaskModel(model, tasks, _number(content["config"].get("focal"))).eval()
    return Exported(model, content["config"], content["taxonomy"], metrics, content["parameters"], path)


def _number(value: Any) -> Any:
    """JSON's null is an undefined number."""
    return math.nan if value is None else value
