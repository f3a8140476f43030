"""The schema's history: migration N (counted from 1) takes a database from version N - 1 to N. Append only."""

from wandb_local.store.migrations import (
    m0001_initial,
    m0002_merged,
    m0003_lasting_ids,
    m0004_rows,
    m0005_lists,
    m0006_shared,
    m0007_late,
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    m0001_initial.STATEMENTS,
    m0002_merged.STATEMENTS,
    m0003_lasting_ids.STATEMENTS,
    m0004_rows.STATEMENTS,
    m0005_lists.STATEMENTS,
    m0006_shared.STATEMENTS,
    m0007_late.STATEMENTS,
)
