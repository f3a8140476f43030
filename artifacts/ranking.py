"""Several models side by side on W&B."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import wandb

from artifacts.pictures import log_pictures


def log_ranking(run: wandb.Run, rows: Sequence[Mapping[str, object]], picture: Path | None) -> None:
    """Log the table `compare/models`, a row for each model, and the plot `compare/quality_against_size`.

    Args:
        run: where to.
        rows: plain values by column, the same columns in each; at least one row.
        picture: a PNG file, or None where nothing was scored.
    """
    columns: list[str | int] = list(rows[0])
    table = wandb.Table(columns=columns, data=[list(row.values()) for row in rows])
    run.log({"compare/models": table})
    if picture is not None:
        log_pictures(run, "compare", {"quality_against_size": picture})
