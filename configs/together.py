"""Settings that are allowed alone but not together, and settings that have no effect without another one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from configs.values import ConfigError

if TYPE_CHECKING:
    from configs.config import TrainConfig

NEEDS = {  # settings that have an effect only if another one has, or names, one of these values
    "rare_crops": ("augment", ("crop", "color", "weather")),
    "focal_gamma": ("loss", ("focal",)),
    "ohem_threshold": ("loss", ("ohem",)),
    "ohem_min_kept": ("loss", ("ohem",)),
    "boundary_width": ("loss", ("boundary",)),
    "freeze_epochs": ("fit", ("fine_tune",)),
}


def idle_settings(config: TrainConfig) -> list[str]:
    """A line for each setting that was changed and has no effect.

    They are allowed, because a sweep and `--vary` change one setting at a time.
    """
    default, given = vars(type(config)()), vars(config)
    return [
        f"{key}={given[key]} has no effect with {needed}={given[needed]}; it needs {needed}={' or '.join(values)}"
        for key, (needed, values) in NEEDS.items()
        if given[key] != default[key] and not _named(given[needed]) & {*values}
    ]


def _named(value: str | dict[str, float]) -> set[str]:
    """A choice, or the choices that a mapping weighs."""
    return {value} if isinstance(value, str) else {*value}


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
