"""The models and the data that a command line names."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commands.truth import learns_depth, require_truth, require_unseen, trained_on
from eval.export.read import is_exported, load_exported

if TYPE_CHECKING:  # what takes seconds to import is imported by the command that needs it
    from camvid.layouts import RoadDataset
    from camvid.taxonomy import Taxonomy
    from eval.inference import SizeFor
    from models.saved import SavedModel

DRAWN = ("sequence", "random")  # splits for which drives or frames are drawn, by the seed
SAW_A_VAL = (
    "was trained on train+val of data that differ from these: scores on val tell nothing if these val frames were there"
)
OTHER_CLASSES = "--taxonomy judges the model by other classes: camvid11, another one, or auto for those of the data"


def open_model(options: argparse.Namespace) -> SavedModel:
    """The model; sets ``options.device`` and ``options.precision``, which default to those it was trained with.

    Raises:
        ValueError: there is no model, or it cannot be used with these options.
    """
    from commands.device import bound_threads, resolve_device, resolve_precision
    from models.saved import load_model

    bound_threads()
    path = Path(options.model)
    if is_exported(path):
        return _open_exported(path, options)
    if not path.exists():
        if ":" not in options.model:
            raise ValueError(f"{path}: not found; give a run folder, a model.safetensors or an artifact (name:version)")
        from artifacts.download import fetch_model

        path = fetch_model(options.model)
    options.device = resolve_device(options.device)
    saved = load_model(path, options.device)
    options.precision = resolve_precision(options.precision or saved.config.get("precision", "auto"), options.device)
    return saved


def _open_exported(path: Path, options: argparse.Namespace) -> SavedModel:
    from models.saved import SavedModel

    if options.precision not in (None, "auto", "fp32"):
        raise ValueError(f"{path}: the precision of an exported model is fixed; leave --precision out")
    options.precision = "fp32"
    options.device = "cpu" if options.device == "auto" else options.device
    exported = load_exported(path, options.device)
    figures = {"model/parameters": exported.parameters, "model/mb": exported.mb}
    return SavedModel(exported.model, exported.config, exported.taxonomy, {}, exported.metrics | figures, path)


def file_figures(saved: SavedModel) -> dict[str, float]:
    """Number of parameters and 10⁶ bytes of an exported model, whose tensors cannot be counted; empty for others."""
    keys = ("model/parameters", "model/mb") if is_exported(saved.folder) else ()
    return {key: saved.metrics[key] for key in keys}


def open_data(options: argparse.Namespace, saved: SavedModel, *splits: str) -> RoadDataset:
    """The data set ``options.data``, read with the model's taxonomy and divided as in its training.

    Raises:
        ValueError: one of ``splits`` has no frames, or the model was trained on it; or the data cannot be read with
            this taxonomy.
    """
    from camvid.layouts import content_digest, open_dataset
    from camvid.taxonomy import TaxonomyError

    try:
        dataset = open_dataset(
            options.data, taxonomy_of(saved), **division(saved.config), depth=learns_depth(saved.config)
        )
    except TaxonomyError as error:
        if vars(options).get("taxonomy", "") is None:  # a command that has the option, and was not given it
            raise ValueError(f"{error}; {OTHER_CLASSES}") from error
        raise
    for split in splits:
        if not dataset.splits[split]:
            filled = ", ".join(name for name, frames in dataset.splits.items() if frames) or "none"
            raise ValueError(f"{options.data}: the {split} split has no frames; --split can be: {filled}")
        if split == "val" and trained_on(saved.config) != "train":
            if saved.data.get("digest") in (None, content_digest(dataset)):  # an exported file does not say which data
                require_unseen(split, saved.config, str(saved.folder))
            sys.stderr.write(f"{saved.folder} {SAW_A_VAL}\n")
        require_truth(dataset, split, saved.config)
    return dataset


def judged_by(name: str | None, saved: SavedModel, data: Path) -> tuple[SavedModel, str]:
    """The model as one of other classes, where those are asked for, and a line about them for people.

    `camvid.words.class_map` says which class stands for which.

    Args:
        name: a taxonomy as for `camvid.layouts.find_taxonomy`; None keeps the model's.
        saved: the model.
        data: the data set's folder.

    Raises:
        ValueError: no class of the model means one of these.
        FileNotFoundError: no such taxonomy.
    """
    from camvid.layouts import find_taxonomy
    from camvid.words import class_map
    from eval.regroup import Regrouped

    own = taxonomy_of(saved)
    asked = find_taxonomy(data, name) if name else own
    if asked.digest == own.digest:
        return saved, ""
    meant = class_map(own, asked)
    if not set(meant) & set(range(asked.num_classes)):
        raise ValueError(f"--taxonomy {name}: none of its classes is one of {saved.folder} ({', '.join(own.names)})")
    model = Regrouped(saved.model, meant, asked.num_classes)
    return replace(saved, model=model.eval(), taxonomy=asked.to_dict()), _regrouping(own, asked, meant)


def _regrouping(own: Taxonomy, asked: Taxonomy, meant: Sequence[int]) -> str:
    """What is done with classes that have no counterpart, in one line."""
    without = [name for name, index in zip(own.names, meant, strict=True) if index >= asked.num_classes]
    missing = [name for index, name in enumerate(asked.names) if index not in meant]
    told = [f"{own.name} is judged by {asked.name}"]
    told += [f"without one counterpart there, and so not predicted: {', '.join(without)}"] if without else []
    told += [f"unknown to the model, and so missed: {', '.join(missing)}"] if missing else []
    return "; ".join(told) + "\n"


def taxonomy_of(saved: SavedModel) -> Taxonomy:
    """The classes of a model."""
    from camvid.taxonomy import Taxonomy

    return Taxonomy.from_dict(saved.taxonomy, str(saved.folder / "taxonomy.yaml"))


def division(config: Mapping[str, Any]) -> dict[str, Any]:
    """How a model's frames were divided into splits: `split`, and `seed`, which is 0 where it does not matter."""
    split = str(config.get("split", "official"))
    return {"split": split, "seed": config.get("seed", 0) if split in DRAWN else 0}


def rule_of(config: Mapping[str, Any]) -> dict[str, Any]:
    """The rules for objects and depth of a model's training, without those that an earlier version does not have."""
    return {key: config[key] for key in ("threshold", "object_area", "depth_threshold") if key in config}


def sizing(options: argparse.Namespace, saved: SavedModel) -> SizeFor:
    """A function from a frame's (H, W) to the size at which it is predicted, by --eval-factor or else by the model."""
    from files.pictures import prediction_size

    return partial(prediction_size, factor=options.eval_factor) if options.eval_factor else saved.size_for
