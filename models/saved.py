"""A trained model on disk: safetensors weights with their config, taxonomy, data version and metrics.

Nothing is unpickled. Each file is written atomically: after a kill or with a full disk the previous file is kept.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from files.jsons import json_text
from files.pictures import prediction_size
from files.whole import write_whole
from files.yamls import load_yaml
from models.network import current_names

WEIGHTS = "model.safetensors"
CONFIG_KEYS = ("architecture", "backbone", "crp")
TASK_KEYS = ("tasks", "depth_min", "depth_max")  # earlier versions have none
TRAINING_ONLY = ("auxiliary.", "log_variances")  # how the names of these tensors begin


@dataclass(frozen=True)
class SavedModel:
    """A model in eval mode, with the files that were saved with it. It normalises images itself."""

    model: nn.Module
    config: dict[str, Any]
    taxonomy: dict[str, Any]
    data: dict[str, Any]
    metrics: dict[str, Any]
    folder: Path

    @property
    def factor(self) -> float:
        """Share of a training frame's size at which the model predicts, as it did when its metrics were measured."""
        return float(self.config.get("eval_factor") or self.config.get("resize_factor") or 1.0)

    @property
    def frame_size(self) -> tuple[int, int] | None:
        """Height and width of the frames that trained the model; None if an earlier version saved it."""
        size = self.data.get("frame_size")
        return (int(size[0]), int(size[1])) if size else None

    def size_for(self, size: tuple[int, int]) -> tuple[int, int]:
        """From an image's (H, W) to the (h, w) of its logits, at which things are as large as in training."""
        return prediction_size(size, factor=self.factor, trained=self.frame_size)

    @property
    def running(self) -> dict[str, Any]:
        """How to run the model, as arguments of `eval`'s functions: `model`, `size_for`, `device` and `precision`.

        The precision is that of the training; where its machine chose it (`auto`), that in which the metrics were
        measured, else fp32.
        """
        device = next((tensor.device for tensor in self.model.state_dict().values()), torch.device("cpu"))
        chosen = self.config.get("precision", "auto")
        precision = self.metrics.get("model/precision", "fp32") if chosen == "auto" else chosen
        return {"model": self.model, "size_for": self.size_for, "device": device, "precision": precision}

    @property
    def prediction(self) -> dict[str, Any]:
        """`running` with the names (C) and colours (C, 3) of the classes: `Predictor(**saved.prediction)`."""
        names = [spec["name"] for spec in self.taxonomy["classes"]]
        colors = np.array([spec["color"] for spec in self.taxonomy["classes"]], dtype=np.uint8)
        return self.running | {"class_names": names, "colors": colors}


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

    config has architecture, backbone and crp, and taxonomy has the classes: `load_model` builds the model from them.
    data may have frame_size, the height and width of the training frames, which sets the size of predictions.
    metrics were measured with these weights. Auxiliary heads and the learned weights of tasks are not saved, because
    they are only for training. Raises OSError if a file cannot be written; the previous files are kept.
    """
    missing = [key for key in CONFIG_KEYS if key not in config] + ["classes"] * ("classes" not in taxonomy)
    if missing:
        raise ValueError(f"config or taxonomy has no {', '.join(missing)}; load_model needs them to build the model")
    state = {key: value for key, value in model.state_dict().items() if not key.startswith(TRAINING_ONLY)}
    tensors = {key: value.detach().cpu().contiguous() for key, value in state.items()}
    files: dict[str, str | bytes] = {
        f"{name}.yaml": yaml.safe_dump(dict(content), sort_keys=False, allow_unicode=True)
        for name, content in (("config", config), ("taxonomy", taxonomy), ("data", data))
    }
    files["metrics.json"] = json_text(metrics)
    files[WEIGHTS] = save(tensors, metadata={"format": "pt"})
    for name, content in files.items():
        write_whole(folder / name, content)


def load_model(path: str | Path, device: str | torch.device = "cpu") -> SavedModel:
    """The model in a run folder, or beside its model.safetensors, ready to predict (eval mode) on `device`.

    Raises ValueError, naming file and fix, if a file is missing, truncated, or does not fit the others.
    """
    from models import build_model

    path = Path(path)
    folder = path.parent if path.name == WEIGHTS else path
    weights = folder / WEIGHTS
    if not weights.is_file():
        raise ValueError(f"{path}: there is no model here; give a run folder of train.py, with {WEIGHTS}")
    config = _read(folder / "config.yaml", load_yaml)
    taxonomy = _read(folder / "taxonomy.yaml", load_yaml)
    missing = [key for key in CONFIG_KEYS if key not in config]
    if missing:
        raise ValueError(
            f"{folder / 'config.yaml'}: it has no {', '.join(missing)}; use the file that was saved with the weights"
        )
    if not isinstance(taxonomy.get("classes"), list):
        raise ValueError(
            f"{folder / 'taxonomy.yaml'}: it lists no classes; use the file that was saved with the weights"
        )
    model = build_model(
        config["architecture"],
        len(taxonomy["classes"]),
        config["backbone"],
        crp=config["crp"],
        mirror=config.get("mirror", False),
        auxiliary=False,
        **{key: config[key] for key in TASK_KEYS if key in config},
    )
    _fill(model, read_tensors(weights), weights, len(taxonomy["classes"]))
    data = _read(folder / "data.yaml", load_yaml)
    metrics = {k: math.nan if v is None else v for k, v in _read(folder / "metrics.json", json.loads).items()}
    return SavedModel(model.to(device).eval(), config, taxonomy, data, metrics, folder)


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors in a safetensors file; raises ValueError if it is truncated or another kind of file."""
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise ValueError(
            f"{path}: the file is truncated or not a safetensors file ({error}); save or download it again"
        ) from error


def _fill(model: nn.Module, tensors: dict[str, Tensor], path: Path, num_classes: int) -> None:
    """Load `tensors` strictly; a ValueError names what does not fit: the number of classes, or the architecture."""
    own = model.state_dict()
    current_names(tensors, own)
    shapes = [key for key in own if key in tensors and own[key].shape != tensors[key].shape]
    heads = [key for key in shapes if key.startswith("head.")]
    if heads and heads == shapes:
        wanted = num_classes
        saved = len(tensors[heads[0]]) * wanted // len(own[heads[0]])  # a sub-pixel head has several rows a class
        raise ValueError(
            f"{path}: it has {saved} classes, and its taxonomy.yaml has {wanted}; use the taxonomy saved with it"
        )
    odd = sorted(own.keys() ^ tensors.keys()) or shapes
    if odd:
        raise ValueError(
            f"{path}: it does not fit the model of its config.yaml ({len(odd)} tensors differ, first {odd[0]}); "
            "use the config saved with it"
        )
    model.load_state_dict(tensors)


def _read(path: Path, parse: Callable[[str], Any]) -> dict[str, Any]:
    try:
        content = parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ValueError(f"{path}: the file is missing; a saved model needs it beside {WEIGHTS}") from error
    except (yaml.YAMLError, ValueError) as error:
        raise ValueError(
            f"{path}: cannot be read ({str(error).splitlines()[0]}); use the file that was saved with the weights"
        ) from error
    if not isinstance(content, dict):
        raise ValueError(f"{path}: the file is truncated or empty; use the file that was saved with the weights")
    return content
