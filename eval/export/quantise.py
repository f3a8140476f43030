"""8-bit integers in place of floats in an ONNX file: a quarter of its size, and on most processors faster.

`dynamic` quantises the weights ahead and activations as they come; `static` fixes the ranges of the activations from
images of the training split, and quantises convolutions too. Weights have a scale for each output channel.
"""

import json
import logging
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eval.export.formats import INPUT, KEY, ExportMissing, missing_packages

Batch = NDArray[np.float32]  # (N, 3, h, w) in [0, 1]

METHODS = ("dynamic", "static")
QUANTISED = ["Conv", "MatMul", "Gemm"]  # softmax, normalisation and sums stay floats: they are cheap, and lose most


def quantise(source: Path, target: Path, metadata: Mapping[str, Any], images: Iterable[Batch] | None = None) -> None:
    """Write `target`, an ONNX file with 8-bit weights, from `source`.

    Args:
        source: a float model that `write_onnx` wrote.
        target: the file to write.
        metadata: its metadata.
        images: batches of training images as the model gets them, for `static`; None is `dynamic`.

    Raises:
        ExportMissing: onnx or onnxruntime is not installed.
    """
    try:
        import onnx
        from onnxruntime.quantization import QuantFormat, QuantType, quantize_dynamic, quantize_static, shape_inference
    except ImportError as error:
        raise ExportMissing(missing_packages(error)) from error
    logging.getLogger().addFilter(_quiet)
    try:
        with tempfile.TemporaryDirectory() as folder:
            ready = Path(folder) / "ready.onnx"
            shape_inference.quant_pre_process(source, ready, skip_symbolic_shape=True)
            common: dict[str, Any] = {"op_types_to_quantize": QUANTISED, "per_channel": True}
            if images is None:
                quantize_dynamic(ready, target, weight_type=QuantType.QInt8, **common)
            else:
                kinds = {"activation_type": QuantType.QUInt8, "weight_type": QuantType.QInt8}
                reader = _reader(images)
                quantize_static(ready, target, reader, quant_format=QuantFormat.QDQ, **kinds, **common)
    finally:
        logging.getLogger().removeFilter(_quiet)
    model = onnx.load(target)
    onnx.helper.set_model_props(model, {KEY: json.dumps(metadata)})
    onnx.save(model, target)


def _reader(images: Iterable[Batch]) -> Any:
    """What ONNX Runtime calibrates with."""
    from onnxruntime.quantization import CalibrationDataReader

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self.batches: Iterator[Batch] = iter(images)

        def get_next(self) -> dict[str, Batch] | None:
            batch = next(self.batches, None)
            return None if batch is None else {INPUT: batch}

    return Reader()


def _quiet(record: logging.LogRecord) -> bool:
    """The quantiser advises on the root logger to do what is done above."""
    return record.levelno > logging.WARNING
