"""Data frames and pictures as W&B tables and images."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import wandb

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


def _table(frame: pd.DataFrame) -> wandb.Table:
    rows: list[Iterable[Any]] = [[plain(value) for value in row] for row in frame.itertuples(index=False, name=None)]
    return wandb.Table(columns=[str(column) for column in frame.columns], data=rows, allow_mixed_types=True)
