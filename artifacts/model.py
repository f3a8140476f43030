"""The model artifact: weights with the config, taxonomy, data version and metrics that belong to them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import wandb

from artifacts.publish import publish
from files.jsons import plain_values
from files.yamls import load_yaml

MODEL_FILES = ("model.safetensors", "config.yaml", "taxonomy.yaml", "data.yaml", "metrics.json")
# Settings that do not belong to the recipe of a training: where it ran, and how it was tracked.
NO_RECIPE = (
    *("data", "dataset", "depth_data", "depth_dataset"),
    *("seed", "workers", "cache_gb", "device", "out", "project", "name", "tags", "log_data"),
)
TRAIN = "train"  # what a model is trained on, if its config names nothing else
RECORDS = "report/per_image.csv"  # the val records with which two models are compared


def log_model(
    run: wandb.Run,
    folder: Path,
    name: str,
    aliases: Iterable[str] = (),
    metrics: Mapping[str, float | str | None] | None = None,
) -> wandb.Artifact:
    """Log the model of a run folder as a version of the model artifact `name`.

    Only `MODEL_FILES` go into it, and `RECORDS` where they are there. Files are read where they lie: an offline run
    that is synced later needs its folder.

    Args:
        run: the run that made the model.
        folder: where `models.saved.save_model` wrote it.
        name: the artifact's name, without a version.
        aliases: further aliases beside `latest`; a model that was trained on train+val has this as an alias, too.
        metrics: those measured on these weights, for the artifact's metadata (NaN as null); by default metrics.json's.

    Returns:
        The artifact, with its version where the run is online.

    Raises:
        FileNotFoundError: naming a file that is missing.
    """
    missing = [file for file in MODEL_FILES if not (folder / file).is_file()]
    if missing:
        raise FileNotFoundError(
            f"{folder}: the folder has no {', '.join(missing)}; give a folder that save_model wrote"
        )
    config, data = (_read(folder / file) for file in ("config.yaml", "data.yaml"))
    if metrics is None:
        metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    metadata = {
        "metrics": plain_values(metrics),
        "data_version": data,
        "architecture": config.get("architecture"),
        "backbone": config.get("backbone"),
        "taxonomy": _read(folder / "taxonomy.yaml").get("name"),
        "recipe": recipe_of(config, data),
        "seed": config.get("seed"),
        "train_on": config.get("train_on", TRAIN),
    }
    artifact = wandb.Artifact(name, type="model", metadata=metadata)
    for file in (*MODEL_FILES, *([RECORDS] if (folder / RECORDS).is_file() else [])):
        artifact.add_file(str(folder.absolute() / file), name=file, policy="immutable", skip_cache=True)
    on = metadata["train_on"]
    return publish(run, artifact, [*aliases, *([] if on == TRAIN else [on])])


def recipe_of(config: Mapping[str, Any], data: Mapping[str, Any]) -> str:
    """A digest of the settings and the data; two trainings that differ only in their seed have the same one."""
    settings = {key: value for key, value in config.items() if key not in NO_RECIPE}
    digests = [version.get("digest") for version in (data, data.get("depth_data") or {})]
    content = json.dumps([settings, *digests], sort_keys=True, default=str)
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def _read(path: Path) -> dict[str, Any]:
    content = load_yaml(path.read_text(encoding="utf-8"))
    if not isinstance(content, dict):
        raise ValueError(f"{path}: keys with values are expected, but the file holds {content!r:.80}")
    return content
