"""Pictures from files on W&B."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import wandb

from artifacts.leaving import shows_frames


def log_pictures(run: wandb.Run, prefix: str, pictures: Mapping[str, Path]) -> None:
    """Log picture files as `<prefix>/<name>`.

    Args:
        run: where to.
        prefix: what they are about, e.g. data.
        pictures: PNG or JPEG files by name.
    """
    run.log({f"{prefix}/{name}": wandb.Image(str(path)) for name, path in pictures.items()})


def log_preview(run: wandb.Run, pictures: Mapping[str, Path]) -> None:
    """Log the pictures of a training's data under data/, unless the run's config says log_data=none."""
    if shows_frames(run):
        log_pictures(run, "data", pictures)
