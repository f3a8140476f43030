"""8-bit integers in place of floats in an ONNX file: a quarter of its size, and on most processors faster.

`dynamic` quantises the weights ahead and activations as they come; `static` fixes the ranges of the activations from
images of the training split, and quantises convolutions too. Weights have a scale for each output channel. A range
leaves out the activations farthest out: few, but so far that they cost all others their digits.
"""

import io
import json
import logging
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from eval.export.formats import INPUT, KEY, ExportMissing, missing_packages

Batch = NDArray[np.float32]  # (N, 3, h, w) in [0, 1]

PERCENTILE = 99.99  # of the activations lie within their range
QUANTISED = ["Conv", "MatMul", "Gemm"]  # softmax, normalisation and sums stay floats: they are cheap, and lose most


def quantise(source: Path, target: Path, metadata: Mapping[str, Any], images: Sequence[Batch] | None = None) -> None:
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
        from onnxruntime import quantization as ort
    except ImportError as error:
        raise ExportMissing(missing_packages(error)) from error
    logging.getLogger().addFilter(_quiet)
    try:
        with tempfile.TemporaryDirectory() as folder:
            ready = Path(folder) / "ready.onnx"
            ort.shape_inference.quant_pre_process(source, ready, skip_symbolic_shape=True)
            common: dict[str, Any] = {"op_types_to_quantize": QUANTISED, "per_channel": True}
            if images is None:
                ort.quantize_dynamic(ready, target, weight_type=ort.QuantType.QInt8, **common)
            else:
                common |= {"activation_type": ort.QuantType.QUInt8, "weight_type": ort.QuantType.QInt8}
                common |= {"quant_format": ort.QuantFormat.QDQ, "calibrate_method": ort.CalibrationMethod.Percentile}
                common |= {"extra_options": {"CalibPercentile": PERCENTILE, "CalibStridedMinMax": 1}}
                with redirect_stdout(io.StringIO()):  # it prints what it does
                    ort.quantize_static(ready, target, _reader(images), **common)
    finally:
        logging.getLogger().removeFilter(_quiet)
    model = onnx.load(target)
    onnx.helper.set_model_props(model, {KEY: json.dumps(metadata)})
    onnx.save(model, target)


def _reader(images: Sequence[Batch]) -> Any:
    """What ONNX Runtime calibrates with: one batch at a time, for all activations of one can take 100 MB."""
    from onnxruntime.quantization import CalibrationDataReader

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self.batches = iter(tqdm(images, "calibrating", unit="frame", file=sys.stderr, disable=None))
            self.left = 0

        def __len__(self) -> int:
            return len(images)

        def set_range(self, start_index: int, end_index: int) -> None:
            self.left = end_index - start_index

        def get_next(self) -> dict[str, Batch] | None:
            if not self.left:
                return None
            self.left -= 1
            return {INPUT: next(self.batches)}

    return Reader()


def _quiet(record: logging.LogRecord) -> bool:
    """The quantiser advises on the root logger to do what is done above."""
    return record.levelno > logging.WARNING
