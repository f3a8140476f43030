"""Runs with the tables that the tests of the page look at."""

import numpy as np
import pytest
import wandb

from tests.wandb_local.web.table.steps import GREY, HOSTILE, NAMES, frames, picture


@pytest.fixture(scope="module")
def runs(client_home: dict[str, str]) -> list[wandb.Run]:
    """Two runs with the same frames, the second one worse; and all kinds of other tables."""
    assert client_home
    logged = []
    for name, worse in (("A run", 0.0), ("B run", 0.2)):
        with wandb.init(project="tables", name=name) as run:
            run.log({"val/frames": frames(worse)})
            logged.append(run)
    return logged


@pytest.fixture(scope="module")
def odd(client_home: dict[str, str]) -> wandb.Run:
    """A run with hostile, nested, incremental and unlabelled tables."""
    assert client_home
    with wandb.init(project="tables", name="odd") as run:
        columns: list[str | int] = ["<b>name</b>", "text", "and", "nested", "array", "image"]
        table = wandb.Table(columns=columns, allow_mixed_types=True)
        numbers = [1.5, float("nan"), float("inf"), -2]
        nested = [[1, "two", None], {"deep": {"er": [1]}}, "plain", None]
        unlabelled = {"m": {"mask_data": np.arange(48 * 64).reshape(48, 64) % 3}}
        image = wandb.Image(np.full((48, 64, 3), GREY, np.uint8), masks=unlabelled)
        for row, (name, text) in enumerate(HOSTILE.items()):
            table.add_data(
                name, text, numbers[row], nested[row], np.full((2, 2), row), image if row == 1 else picture(0)
            )
        growing = wandb.Table(columns=["epoch", "loss"], log_mode="INCREMENTAL")
        for epoch in range(3):
            growing.add_data(epoch, 1 / (epoch + 1))
            run.log({"odd": table, "growing": growing, "each": wandb.Table(columns=["epoch"], data=[[epoch]])})
        kinds = wandb.Table(columns=["number", "many", "page"], allow_mixed_types=True)
        kinds.add_data(1 / 3, [2 / 3, {"deep": 1 / 7}], wandb.Html("<b>bold</b>", inject=False))
        kinds.add_data(12345678901234567, [1, 2], None)
        run.log({"kinds": kinds, "names": wandb.Table(columns=list(NAMES), data=[[0] * len(NAMES), [1] * len(NAMES)])})
    return run
