"""Settings that are allowed alone but not together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from configs.values import ConfigError

if TYPE_CHECKING:
    from configs.config import TrainConfig


def check_together(config: TrainConfig) -> None:
    """Check the settings with each other.

    Raises:
        ConfigError: naming the keys.
    """
    for folder, artifact in (("data", "dataset"), ("depth_data", "depth_dataset")):
        given = config.pick(folder, artifact)
        if all(given.values()):
            shown = " and ".join(f"{key}={value!r}" for key, value in given.items())
            raise ConfigError(f"{shown} exclude each other; give only one of them")
    if config.crop_min > config.crop_max:
        raise ConfigError(
            f"crop_min={config.crop_min} is above crop_max={config.crop_max}; lower crop_min or raise crop_max"
        )
    if config.evaluations and config.eval_every > 1:
        raise ConfigError(
            f"evaluations={config.evaluations} and eval_every={config.eval_every} exclude each other; "
            "set evaluations=0 or eval_every=1"
        )
