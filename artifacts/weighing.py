"""Weighing two model artifacts: both are fetched, checked to be comparable, scored on the same images, and timed.

It composes, as a `__main__` does: data, models and evaluation meet here.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import pandas as pd
import wandb

from artifacts.download import default_root, download_dataset, download_model, version_name
from artifacts.model import RECORDS
from camvid.layouts import CamVid, open_camvid
from camvid.remarks import about_priority
from camvid.taxonomy import Taxonomy
from camvid.transforms import scaled_size
from eval.compare import Change, compare_records, latency_change, read_counts
from eval.evaluate import FrameSamples, evaluate
from eval.latency import Timed, time_in_turns
from eval.table import change_table
from models.saved import SavedModel, load_model
from training.precision import resolve_device, resolve_precision


class Side(NamedTuple):
    """One of the two models: its name with its version, and what was fetched."""

    name: str
    saved: SavedModel
    taxonomy: Taxonomy


def weigh(
    before: wandb.Artifact, candidate: wandb.Artifact, data: wandb.Artifact | None, options: argparse.Namespace
) -> list[Change]:
    """What changes from one model to the other; prints what is compared, and the table.

    Args:
        before: the model that is the measure.
        candidate: the other.
        data: the data version to evaluate both on where that is needed.
        options: `split`, `dataset`, `tolerance`, `confidence`, `seed`, `latency_limit` and `device`.

    Raises:
        ValueError: other classes, data or split, or nothing to evaluate on; the message says what to do.
    """
    options.device = resolve_device(options.device)
    sides = [_open(artifact) for artifact in (before, candidate)]
    sys.stderr.write(about_priority(sides[1].taxonomy))
    _check_alike(*sides, any_data=bool(options.dataset))
    first, second = _records(sides, data, options)
    names = sides[0].taxonomy.names
    changes = compare_records(
        first,
        second,
        [names[index] for index in sides[0].taxonomy.priority],
        **{key: getattr(options, key) for key in ("tolerance", "confidence", "seed")},
    )
    timed = [_timed(side, options.device) for side in sides]
    changes.append(latency_change(*time_in_turns(*timed, device=options.device), options.latency_limit))
    used = version_name(data) if data else _data_of(sides[1])
    print(f"before:  {sides[0].name}\nafter:   {sides[1].name}\ndata:    {used}, {len(first)} {options.split} frames\n")
    print(f"{change_table(changes)}\n")
    return changes


def _timed(side: Side, device: str) -> Timed:
    size = side.saved.metrics.get("model/size")  # height x width at which it predicts
    if not size:
        raise ValueError(f"{side.name}: its metrics.json has no model/size; log a model that train.py saved")
    height, width = map(int, str(size).split("x"))
    precision = resolve_precision(side.saved.config.get("precision", "auto"), device)
    return Timed(side.saved.model, (height, width), precision)


def _open(artifact: wandb.Artifact) -> Side:
    saved = load_model(download_model(artifact))
    return Side(version_name(artifact), saved, Taxonomy.from_dict(saved.taxonomy, str(saved.folder / "taxonomy.yaml")))


def _check_alike(before: Side, after: Side, *, any_data: bool) -> None:
    """ValueError where the two cannot be compared: other classes, data, or split."""
    both = f"{before.name} and {after.name}"
    if before.taxonomy.digest != after.taxonomy.digest:
        names = f"{before.taxonomy.name} and {after.taxonomy.name}"
        raise ValueError(f"{both} have different taxonomies ({names}): only models of the same classes are compared")
    splits = [_split_of(side) for side in (before, after)]
    if splits[0] != splits[1]:
        raise ValueError(
            f"{both} were trained on different splits ({splits[0]['split']}, seed {splits[0]['seed']}, and "
            f"{splits[1]['split']}, seed {splits[1]['seed']}): one may have seen what the other is judged by"
        )
    digests = [side.saved.data.get("digest") for side in (before, after)]
    if digests[0] != digests[1] and not any_data:
        shown = " and ".join(_data_of(side) for side in (before, after))
        raise ValueError(
            f"{both} were trained on different data ({shown}): --dataset NAME:VERSION evaluates both on one"
        )


def _split_of(side: Side) -> dict[str, Any]:
    """How its frames were divided; a seed matters to all but the official lists."""
    split, seed = side.saved.config.get("split", "official"), side.saved.config.get("seed", 0)
    return {"split": split, "seed": 0 if split == "official" else seed}


def _data_of(side: Side) -> str:
    data = side.saved.data
    return f"{data.get('name') or 'data'}:{data.get('version') or str(data.get('digest'))[:12]}"


def _records(sides: Sequence[Side], data: wandb.Artifact | None, options: argparse.Namespace) -> list[pd.DataFrame]:
    """The per-image records of both: those that came with the models, or measured now, both on this machine."""

    paths = [side.saved.folder / RECORDS for side in sides]
    lacking = [side.name for side, path in zip(sides, paths, strict=True) if not path.is_file()]
    if options.split == "val" and not options.dataset and not lacking:
        return [read_counts(path) for path in paths]
    if data is None:
        raise ValueError(f"{sides[1].name}: the data it was trained on is not on the server: give --dataset")
    reason = f"{' and '.join(lacking)} came without per-image records" if lacking else "as asked"
    print(f"evaluating both on {version_name(data)} ({reason})")
    split = _split_of(sides[0])
    dataset = open_camvid(download_dataset(data, default_root()), sides[0].taxonomy, **split)
    if not dataset.splits[options.split]:
        raise ValueError(f"{version_name(data)}: the {options.split} split has no frames")
    return [_evaluate(side, dataset, options) for side in sides]


def _evaluate(side: Side, dataset: CamVid, options: argparse.Namespace) -> pd.DataFrame:

    config, taxonomy = side.saved.config, dataset.taxonomy
    samples = FrameSamples(dataset.splits[options.split], dataset.read)
    factor = float(config.get("eval_factor") or config.get("resize_factor") or 1)
    return evaluate(
        side.saved.model,
        samples,
        num_classes=taxonomy.num_classes,
        class_names=taxonomy.names,
        priority=taxonomy.priority,
        background=taxonomy.background,
        size_for=partial(scaled_size, factor=factor),
        device=options.device,
        precision=resolve_precision(config.get("precision", "auto"), options.device),
    ).records
