"""A trained model on disk: safetensors weights with the config, taxonomy, data version and metrics they belong to.

Nothing is unpickled. Each file is written beside its place, flushed to the disk, and renamed: a full disk or a kill
leaves the file that was there before.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import yaml
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

WEIGHTS = "model.safetensors"
CONFIG_KEYS = ("architecture", "backbone", "crp")


@dataclass(frozen=True)
class SavedModel:
    """A model in eval mode with what was saved beside it."""

    model: nn.Module
    config: dict[str, Any]
    taxonomy: dict[str, Any]
    data: dict[str, Any]
    metrics: dict[str, Any]
    folder: Path


def save_model(
    folder: Path,
    model: nn.Module,
    *,
    config: Mapping[str, Any],
    taxonomy: Mapping[str, Any],
    data: Mapping[str, Any],
    metrics: Mapping[str, Any],
) -> None:
    """Write model.safetensors, config.yaml, taxonomy.yaml, data.yaml and metrics.json into `folder`, each atomically.

    config names architecture, backbone and crp, taxonomy the classes: `load_model` builds the model from them.
    metrics are those measured on these weights. Raises OSError where the disk refuses; what was there stays.
    """
    missing = [key for key in CONFIG_KEYS if key not in config]
    if missing or not taxonomy.get("classes"):
        raise ValueError(
            f"save_model: needs {', '.join(CONFIG_KEYS)} in config and classes in taxonomy; lacks {missing}"
        )
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {key: value.detach().cpu().contiguous() for key, value in model.state_dict().items()}
    with atomic_path(folder / WEIGHTS) as path:
        save_file(tensors, path, metadata={"format": "pt"})
    for name, content in (("config", config), ("taxonomy", taxonomy), ("data", data)):
        write_atomic(folder / f"{name}.yaml", yaml.safe_dump(dict(content), sort_keys=False, allow_unicode=True))
    write_atomic(folder / "metrics.json", json.dumps(dict(metrics), indent=2) + "\n")


def load_model(path: Path, device: str | torch.device = "cpu") -> SavedModel:
    """The model in a run folder, or beside its model.safetensors, ready to predict (eval mode) on `device`.

    Raises ValueError naming file and fix where a file is missing, truncated, or does not fit the others.
    """
    from models import build_model

    folder = path.parent if path.name == WEIGHTS else path
    weights = folder / WEIGHTS
    if not weights.is_file():
        raise ValueError(f"{path}: no model here; expected a run folder with {WEIGHTS}, as train.py writes it")
    config = _read(folder / "config.yaml", yaml.safe_load)
    taxonomy = _read(folder / "taxonomy.yaml", yaml.safe_load)
    missing = [key for key in CONFIG_KEYS if key not in config]
    if missing:
        raise ValueError(
            f"{folder / 'config.yaml'}: lacks {', '.join(missing)}; take the file written with the weights"
        )
    if not isinstance(taxonomy.get("classes"), list):
        raise ValueError(f"{folder / 'taxonomy.yaml'}: lists no classes; take the file written with the weights")
    model = build_model(
        config["architecture"], len(taxonomy["classes"]), config["backbone"], weights="none", crp=config["crp"]
    )
    _fill(model, read_tensors(weights), weights, len(taxonomy["classes"]))
    data = _read(folder / "data.yaml", yaml.safe_load)
    metrics = _read(folder / "metrics.json", json.loads)
    return SavedModel(model.to(device).eval(), config, taxonomy, data, metrics, folder)


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors in a safetensors file; ValueError where it is truncated or something else."""
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise ValueError(f"{path}: truncated or not a safetensors file ({error}); save or download it again") from error


def _fill(model: nn.Module, tensors: Mapping[str, Tensor], path: Path, num_classes: int) -> None:
    """Load `tensors` strictly; ValueError says what does not fit: the number of classes, or the architecture."""
    own = model.state_dict()
    shapes = [key for key in own if key in tensors and own[key].shape != tensors[key].shape]
    heads = [key for key in shapes if key.startswith("head.")]
    if heads and heads == shapes:
        wanted = num_classes
        saved = len(tensors[heads[0]]) * wanted // len(own[heads[0]])  # a sub-pixel head has several rows a class
        raise ValueError(f"{path}: has {saved} classes, its taxonomy.yaml {wanted}; take the taxonomy written with it")
    odd = sorted(own.keys() ^ tensors.keys()) or shapes
    if odd:
        raise ValueError(
            f"{path}: does not fit the model of its config.yaml ({len(odd)} tensors differ, first {odd[0]}); "
            "take the config written with it"
        )
    model.load_state_dict(dict(tensors))


def _read(path: Path, parse: Callable[[str], Any]) -> dict[str, Any]:
    try:
        content = parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ValueError(f"{path}: missing; a saved model needs it beside {WEIGHTS}") from error
    except (yaml.YAMLError, ValueError) as error:
        raise ValueError(
            f"{path}: cannot be read ({str(error).splitlines()[0]}); take the file written with it"
        ) from error
    if not isinstance(content, dict):
        raise ValueError(f"{path}: truncated or empty; take the file written with the weights")
    return content


def write_atomic(path: Path, text: str) -> None:
    """Write `text` to `path` so that a reader sees the old content or the new, never a part."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


@contextlib.contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """A temporary path in the same folder to write to; it takes the place of `path` once flushed to the disk."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
