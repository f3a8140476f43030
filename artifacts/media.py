"""Data frames and picture files as W&B tables and images."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import wandb

from artifacts.leaving import shows_frames
from files.jsons import plain


def log_tables(run: wandb.Run, prefix: str, tables: Mapping[str, pd.DataFrame], charts: Mapping[str, Path]) -> None:
    """Log tables and pictures together under `<prefix>/<name>`; tables without rows are left out.

    Args:
        run: where to.
        prefix: the first part of every key.
        tables: data frames by name; NaN becomes null.
        charts: picture files by name.
    """
    logged: dict[str, Any] = {f"{prefix}/{name}": _table(frame) for name, frame in tables.items() if not frame.empty}
    logged |= {f"{prefix}/{name}_chart": wandb.Image(str(path)) for name, path in charts.items()}
    run.log(logged)


def log_preview(run: wandb.Run, pictures: Mapping[str, Path]) -> None:
    """Log the pictures of a training's data under data/, unless the run's config says log_data=none.

    A resumed run logs only those that differ from what it has, or each start would add a row to its history.
    """
    known = {name: run.summary.get(f"data/{name}") or {} for name in pictures}  # type: ignore[no-untyped-call]
    new = {name: path for name, path in pictures.items() if known[name].get("sha256") != _digest(path)}
    if new and shows_frames(run):
        _log_pictures(run, "data", new)


def log_ranking(run: wandb.Run, rows: Sequence[Mapping[str, object]], picture: Path | None) -> None:
    """Log the table `compare/models`, a row for each model, and the plot `compare/quality_against_size`.

    Args:
        run: where to.
        rows: plain values by column, the same columns in each; at least one row.
        picture: a PNG file, or None if nothing was scored.
    """
    columns: list[str | int] = list(rows[0])
    table = wandb.Table(columns=columns, data=[list(row.values()) for row in rows])
    run.log({"compare/models": table})
    if picture is not None:
        _log_pictures(run, "compare", {"quality_against_size": picture})


def _log_pictures(run: wandb.Run, prefix: str, pictures: Mapping[str, Path]) -> None:
    run.log({f"{prefix}/{name}": wandb.Image(str(path)) for name, path in pictures.items()})


def _digest(path: Path) -> str:
    """The content of a picture, as W&B's client notes it in a run's summary."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _table(frame: pd.DataFrame) -> wandb.Table:
    rows: list[Iterable[Any]] = [[plain(value) for value in row] for row in frame.itertuples(index=False, name=None)]
    return wandb.Table(columns=[str(column) for column in frame.columns], data=rows, allow_mixed_types=True)
