"""The models and the data that a command line names."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from eval.export.read import is_exported, load_exported

if TYPE_CHECKING:  # what takes seconds to import is imported by the command that needs it
    from camvid.layouts import RoadDataset
    from camvid.taxonomy import Taxonomy
    from eval.inference import SizeFor
    from models.saved import SavedModel


def open_model(options: argparse.Namespace) -> SavedModel:
    """The model; sets ``options.device`` and ``options.precision``, which default to those it was trained with.

    Raises:
        ValueError: there is no model, or it cannot be used with these options.
    """
    from models.saved import load_model
    from training.precision import resolve_device, resolve_precision

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
        ValueError: one of ``splits`` has no frames, or the data cannot be read with this taxonomy.
    """
    from camvid.layouts import open_dataset

    config = saved.config
    taxonomy = taxonomy_of(saved)
    dataset = open_dataset(options.data, taxonomy, split=config.get("split", "official"), seed=config.get("seed", 0))
    for split in splits:
        if not dataset.splits[split]:
            filled = ", ".join(name for name, frames in dataset.splits.items() if frames) or "none"
            raise ValueError(f"{options.data}: the {split} split has no frames; splits with frames: {filled}")
    return dataset


def check_taxonomy(name: str | None, saved: SavedModel, data: Path) -> None:
    """Raise ValueError if ``name`` is given and is not the model's taxonomy; ``own`` is the taxonomy of the data."""
    from camvid.layouts import find_taxonomy

    taxonomy = taxonomy_of(saved)
    if name and (asked := find_taxonomy(data, name)).digest != taxonomy.digest:
        raise ValueError(
            f"--taxonomy {name} ({asked.num_classes} classes): the model {saved.folder} has another taxonomy "
            f"({taxonomy.name}, {taxonomy.num_classes} classes); leave the flag out, or use a model trained with it"
        )


def taxonomy_of(saved: SavedModel) -> Taxonomy:
    """The classes of a model."""
    from camvid.taxonomy import Taxonomy

    return Taxonomy.from_dict(saved.taxonomy, str(saved.folder / "taxonomy.yaml"))


def sizing(options: argparse.Namespace, saved: SavedModel) -> SizeFor:
    """A function from a frame's (H, W) to the size at which it is predicted, by --eval-factor or else by the model."""
    from files.pictures import prediction_size

    return partial(prediction_size, factor=options.eval_factor) if options.eval_factor else saved.size_for
