"""``python -m eval export``: write a model as one file and check it; --int8 quantises it and measures the loss."""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from commands.opening import open_data, open_model, sizing, taxonomy_of
from commands.truth import learns_depth, samples_of
from eval.depth.scale import focal_of
from eval.export.check import SIZES, Agreement, verify
from eval.export.formats import FORMATS
from eval.export.read import is_exported, load_exported
from files.headlines import ABS_REL, HEADLINES, MIOU, Headline
from files.jsons import plain
from files.whole import replacing

if TYPE_CHECKING:
    from torch import nn

    from camvid.layouts import RoadDataset
    from eval.export.quantise import Batch
    from eval.inference import SizeFor
    from models.saved import SavedModel

CONFIG = (
    "architecture",
    "backbone",
    "crp",
    "mirror",
    "resize_factor",
    "eval_factor",
    "threshold",
    "split",
    "seed",
    "train_on",
    "project",
    "tasks",
)
OF_DEPTH = ("depth_min", "depth_max", "depth_threshold")
FIGURES = {
    "largest difference": ("apart", ".2e"),
    "same class": ("same", ".3%"),
    "depth, relative": ("depth", ".2e"),
}  # of an `Agreement`, by column
CALIBRATION = 32  # training frames that fix the ranges of the activations


def export(options: argparse.Namespace) -> None:
    """Write the file that the options ask for; a file whose predictions differ from the model's is deleted."""
    if options.int8 and (options.format != "onnx" or not options.data):
        raise ValueError(f"--int8 {options.int8} needs --format onnx, and --data ROOT to measure the loss in quality")
    if is_exported(Path(options.model)):
        raise ValueError(f"{options.model}: this is an exported file; give the run folder that it was made from")
    saved = open_model(options)
    suffix = FORMATS[options.format].suffix
    path = options.out or saved.folder / f"model{'.int8' if options.int8 else ''}{suffix}"
    if path.suffix != suffix:
        raise ValueError(f"--out {path}: the name of a file of format {options.format} must end with {suffix}")
    if options.int8:
        _export_int8(options, saved, path)
    else:
        _export_float(options, saved, path)
    stored = saved.folder / "model.safetensors"
    print(f"{path}: {path.stat().st_size / 1e6:.2f} MB ({stored.name}: {stored.stat().st_size / 1e6:.2f} MB)")


def _export_float(options: argparse.Namespace, saved: SavedModel, path: Path) -> None:
    with replacing(path) as temporary:
        FORMATS[options.format].write(saved.model, temporary, metadata_of(saved))
        exported = load_exported(temporary)
        bar = partial(tqdm, desc="comparing with PyTorch", unit="size", file=sys.stderr, disable=None)
        found = verify(saved.model, exported.model, [prediction_size(options, saved), *SIZES], bar)
    print(agreement_table(found))


def _export_int8(options: argparse.Namespace, saved: SavedModel, path: Path) -> None:
    from eval.export.quantise import quantise

    dataset = open_data(options, saved, "train", options.split)
    size_for = sizing(options, saved)
    metadata = metadata_of(saved) | {"int8": options.int8}
    with replacing(path) as temporary, tempfile.TemporaryDirectory() as folder:
        floats = Path(folder) / "float.onnx"
        _export_float(argparse.Namespace(**{**vars(options), "int8": None}), saved, floats)
        frames = _calibration(dataset, size_for) if options.int8 == "static" else None
        quantise(floats, temporary, metadata, frames)
        before, after = (
            metrics_on(load_exported(file).model, saved, dataset, options.split, size_for)
            for file in (floats, temporary)
        )
    for headline, truth in ((MIOU, "labels"), (ABS_REL, "depth")):
        if headline.key in before:
            print(loss_in_quality(headline, before[headline.key], after[headline.key], options, truth))


def loss_in_quality(headline: Headline, before: float, after: float, options: argparse.Namespace, truth: str) -> str:
    """A line on what 8 bits change in a metric, or why that is not known: NaN stands for data without the truth."""
    if math.isnan(before):
        return (
            f"{options.data}: the {options.split} split has no {truth}, so the change of {headline.label} is unknown."
        )
    change = f"{before:.4f} as floats, {after:.4f} with 8 bits: {after - before:+.4f}"
    return f"{headline.label} on {options.split}: {change}"


def metadata_of(saved: SavedModel) -> dict[str, Any]:
    """What an exported file contains beside the model: settings, classes, and scores (an undefined score is null).

    The settings of a model of depth have the range of its canonical depth, and `focal`: metres are canonical depth
    times f / focal, where f is the focal length of an image in pixels of the network's input (null: not known).
    `input_size` is the height and width at which the model predicts images as large as those of its training.
    """
    scores = {key: plain(value) for key, value in saved.metrics.items() if "/" not in key or key in HEADLINES}
    depth = learns_depth(saved.config)
    settings = {key: saved.config[key] for key in CONFIG + OF_DEPTH * depth if key in saved.config}
    settings |= {"input_size": [*saved.size_for(saved.frame_size)]} if saved.frame_size else {}
    return {
        "config": settings | ({"focal": plain(focal_of(saved.model))} if depth else {}),
        "taxonomy": saved.taxonomy,
        "metrics": scores,
        "parameters": sum(parameter.numel() for parameter in saved.model.parameters()),
    }


def prediction_size(
    options: argparse.Namespace, saved: SavedModel, dataset: RoadDataset | None = None
) -> tuple[int, int]:
    """Height and width at which the model predicts most frames of ``options.split``, or those of ``options.size``."""
    height, width = dataset.frame_size(options.split) if dataset else options.size
    return sizing(options, saved)((height, width))


def _calibration(dataset: RoadDataset, size_for: SizeFor) -> list[Batch]:
    """Training frames, spread over the split, as the model gets them: each (1, 3, h, w)."""
    from eval.inference import resize_image

    frames = dataset.splits["train"]
    chosen = frames[:: max(1, len(frames) // CALIBRATION)][:CALIBRATION]
    images = (dataset.read_image(frame) for frame in chosen)
    resized = (resize_image(image, size_for((image.shape[0], image.shape[1]))) for image in images)
    return [
        np.ascontiguousarray(image.transpose(2, 0, 1)[None], dtype=np.float32) / np.float32(255) for image in resized
    ]


def metrics_on(
    model: nn.Module, saved: SavedModel, dataset: RoadDataset, split: str, size_for: SizeFor
) -> dict[str, float]:
    """The model's metrics over a split."""
    from eval.evaluate import evaluate

    samples = samples_of(dataset, split, saved.config)
    return evaluate(model, samples, size_for=size_for, **taxonomy_of(saved).scoring).metrics


def agreement_table(found: list[Agreement]) -> str:
    """One line for each size at which the two were compared, with a column for each figure that there is."""
    images = ["images", *(f"{one.batch} x {one.size[0]}x{one.size[1]}" for one in found)]
    figures = [
        [name, *(format(getattr(one, key), style) for one in found)]
        for name, (key, style) in FIGURES.items()
        if not math.isnan(getattr(found[0], key))
    ]
    widths = [max(map(len, column)) for column in (images, *figures)]
    lines = zip(images, *figures, strict=True)
    return "\n".join("  ".join(map(str.rjust, line, widths)) for line in lines)
