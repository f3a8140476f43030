"""Writing a model as ONNX or TorchScript, for batches and images of any size."""

import json
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from eval.export.pooling import without_adaptive_pooling

KEY = "camvid.json"  # name of the metadata in a file
EXAMPLE = (2, 3, 70, 102)  # no side a multiple of anything that a model might take for granted
OPSET = 18
INPUT = "images"
AXES = {
    INPUT: {0: "batch", 2: "height", 3: "width"},
    "logits": {0: "batch", 2: "height", 3: "width"},
    "depth": {0: "batch", 1: "height", 2: "width"},
}  # those that are free
OUTPUTS = {"segmentation": "logits", "depth": "depth"}  # of each task, in the order of the file's outputs


class ExportMissing(ValueError):
    """The packages that export are not installed."""


class Format(NamedTuple):
    """`write` takes a model in eval mode, a path and the metadata; `suffix` is that of its files."""

    suffix: str
    write: Callable[[nn.Module, Path, Mapping[str, Any]], None]


class Traceable(nn.Module):
    """A model of several tasks as a trace can follow it: images (N, 3, H, W) to a tuple of outputs, or to a single one.

    Attributes:
        names: of the outputs that the model has, in the order of `OUTPUTS`.
    """

    def __init__(self, model: nn.Module, names: list[str]) -> None:
        super().__init__()
        self.model = model
        self.names = names

    def forward(self, images: Tensor) -> Tensor | tuple[Tensor, ...]:
        """Logits (N, C, H, W), depth (N, H, W), or both."""
        returned = self.model(images)
        outputs = tuple(getattr(returned, name) for name in self.names)
        return outputs if len(outputs) > 1 else outputs[0]


def traceable(model: nn.Module) -> tuple[nn.Module, list[str]]:
    """The model itself if it returns logits alone, else a `Traceable` of it; and the names of its outputs."""
    with torch.no_grad():
        returned = model(torch.rand(EXAMPLE))
    if isinstance(returned, Tensor):
        return model, ["logits"]
    names = [name for name in OUTPUTS.values() if getattr(returned, name) is not None]
    return Traceable(model, names).eval(), names


def write_onnx(model: nn.Module, path: Path, metadata: Mapping[str, Any]) -> None:
    """ONNX with input `images` (N, 3, H, W) in [0, 1] and output `logits` (N, C, H, W); N, H and W are free.

    A model that predicts depth has the output `depth` (N, H, W) in canonical metres, as the last or the only one.

    It is made from a trace. PyTorch's newer exporter keeps sizes as formulas: where padding depends on the size, as in
    EfficientNet's, it did not come to an end within minutes, and the trace takes a second.

    Raises:
        ExportMissing: onnx is not installed.
        ValueError: the model cannot be written so.
    """
    try:
        import onnx
    except ImportError as error:
        raise ExportMissing(missing_packages(error)) from error
    plain, names = traceable(without_adaptive_pooling(model))
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # of tracing, and of its deprecation
        try:
            torch.onnx.export(
                plain,
                (torch.rand(EXAMPLE),),
                str(path),
                dynamo=False,
                opset_version=OPSET,
                input_names=[INPUT],
                output_names=names,
                dynamic_axes={name: AXES[name] for name in (INPUT, *names)},
            )
        except (torch.onnx.errors.OnnxExporterError, RuntimeError) as error:
            raise ValueError(f"onnx: this model cannot be exported ({str(error).splitlines()[0]})") from error
    written = onnx.load(path)
    onnx.helper.set_model_props(written, {KEY: json.dumps(metadata)})
    onnx.save(written, path)


def write_torchscript(model: nn.Module, path: Path, metadata: Mapping[str, Any]) -> None:
    """TorchScript, traced: images (N, 3, H, W) in [0, 1] to logits (N, C, H, W); N, H and W are free.

    A model that predicts depth (N, H, W) in canonical metres returns it alone, or the tuple of logits and depth.
    """
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # deprecated, but what phones and C++ programs load
        traced = torch.jit.trace(traceable(model)[0], torch.rand(EXAMPLE), check_trace=False)  # type: ignore[no-untyped-call]
        torch.jit.save(traced, str(path), _extra_files={KEY: json.dumps(metadata)})


def missing_packages(error: ImportError) -> str:
    """What to say where the packages of the extra `export` are not installed."""
    return f"{error.name} is not installed; run `pip install onnx onnxruntime`"


FORMATS = {"onnx": Format(".onnx", write_onnx), "torchscript": Format(".torchscript", write_torchscript)}
