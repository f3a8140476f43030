"""Several trainings at once: every combination of the values that `--vary` and `--seeds` give."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import product
from typing import Any, NamedTuple

import yaml

from configs.config import TrainConfig
from configs.values import ConfigError
from files.yamls import load_yaml

UNFIT = re.compile(r"[^\w.+-]+")  # for the name of a folder
MOST = 200  # trainings of one command


class Cell(NamedTuple):
    """One training of a grid: the settings that differ between the trainings, and all settings."""

    varied: dict[str, Any]
    config: TrainConfig

    @property
    def name(self) -> str:
        """A name for a folder, e.g. backbone-resnet34_fit-one_cycle_seed-0."""
        return "_".join(f"{key}-{UNFIT.sub('.', str(value))}" for key, value in self.varied.items())


def grid(vary: Sequence[str], seeds: str, plain: Callable[[str, str], Any]) -> list[dict[str, Any]]:
    """Every combination of values, with the seeds innermost; an empty list if nothing varies.

    Args:
        vary: texts such as backbone=resnet34,resnet50 or loss=ce,{ce: 1.0, dice: 1.0}.
        seeds: a text such as 0,1,2; empty for none.
        plain: from a setting's name and a value's text to the value.

    Raises:
        ConfigError: a text has another form, a setting is unknown or varied twice, or there are too many trainings.
    """
    axes: dict[str, list[Any]] = {}
    asked = [(text, f"--vary {text}") for text in vary] + ([(f"seed={seeds}", f"--seeds {seeds}")] if seeds else [])
    for text, flag in asked:
        key, _, values = text.partition("=")
        key = key.replace("-", "_")
        if not values:
            raise ConfigError(f"{flag}: expected KEY=A,B, e.g. backbone=resnet34,resnet50")
        if key in axes:
            raise ConfigError(f"{key} is varied twice; name all its values in one flag (--seeds varies seed)")
        if key not in vars(TrainConfig()):
            TrainConfig.from_dict({key: None}, source=flag)  # says so
        found = [TrainConfig.from_dict({key: value}, source=flag) for value in _values(flag, key, values, plain)]
        axes[key] = [getattr(config, key) for config in found]
        if not found or len({str(value) for value in axes[key]}) != len(found):
            raise ConfigError(f"{flag}: {'a value is named twice' if found else 'there is no value'}")
    points = [dict(zip(axes, values, strict=True)) for values in product(*axes.values())]
    if len(points) > MOST:
        raise ConfigError(
            f"--vary and --seeds ask for {len(points)} trainings, and at most {MOST} are allowed; name fewer values"
        )
    return points if axes else []


def _values(flag: str, key: str, text: str, plain: Callable[[str, str], Any]) -> list[Any]:
    """The values of one axis; they are read as YAML if they are in brackets or if one of them is a mapping."""
    if "{" not in text and not text.startswith("["):
        return [plain(key, part.strip()) for part in text.split(",")]
    try:
        return list(load_yaml(text if text.startswith("[") else f"[{text}]"))
    except yaml.YAMLError as error:
        raise ConfigError(f"{flag}: this is not valid YAML: {error}") from None
