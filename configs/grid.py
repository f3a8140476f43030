"""Several trainings at once: every combination of the values that `--vary` and `--seeds` give."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import product
from typing import Any, NamedTuple

import yaml

from configs.config import ConfigError, TrainConfig

UNFIT = re.compile(r"[^\w.+-]+")  # for the name of a folder
MOST = 200  # trainings of one command


class Cell(NamedTuple):
    """One training of a grid: the settings that tell it from the others, and all of them."""

    varied: dict[str, Any]
    config: TrainConfig

    @property
    def name(self) -> str:
        """A name for a folder, e.g. backbone-resnet34_fit-one_cycle_seed-0."""
        return "_".join(f"{key}-{UNFIT.sub('.', str(value))}" for key, value in self.varied.items())


def grid(vary: Sequence[str], seeds: str, plain: Callable[[str, str], Any]) -> list[dict[str, Any]]:
    """Every combination, the seeds innermost; none where nothing varies.

    Args:
        vary: texts such as backbone=resnet34,resnet50 or loss=[ce, {ce: 1.0, dice: 1.0}].
        seeds: a text such as 0,1,2; empty for none.
        plain: from a setting's name and a value's text to the value.

    Raises:
        ConfigError: not of this form, an unknown setting, one that is varied twice, or too many trainings.
    """
    axes: dict[str, list[Any]] = {}
    for text in [*vary, *([f"seed={seeds}"] if seeds else [])]:
        key, _, values = text.partition("=")
        if not values:
            raise ConfigError(f"--vary {text}: expected KEY=A,B, for example backbone=resnet34,resnet50")
        if key in axes:
            raise ConfigError(f"{key} is varied twice: name all its values at once (--seeds varies seed)")
        if key not in vars(TrainConfig()):
            TrainConfig.from_dict({key: None}, source=f"--vary {text}")  # says so
        axes[key] = _values(key, values, plain)
        for value in axes[key]:
            TrainConfig.from_dict({key: value}, source=f"--vary {text}")
    points = [dict(zip(axes, values, strict=True)) for values in product(*axes.values())]
    if len(points) > MOST:
        raise ConfigError(f"--vary and --seeds ask for {len(points)} trainings, more than {MOST}: name fewer values")
    return points if axes else []


def _values(key: str, text: str, plain: Callable[[str, str], Any]) -> list[Any]:
    """The values of one axis; in brackets they are read as YAML, so that a mapping can be one of them."""
    if text.startswith("["):
        try:
            values = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise ConfigError(f"--vary {key}={text}: not valid YAML: {error}") from None
    else:
        values = [plain(key, part) for part in text.split(",")]
    if len({str(value) for value in values}) != len(values):
        raise ConfigError(f"--vary {key}={text}: a value is named twice")
    return list(values)
