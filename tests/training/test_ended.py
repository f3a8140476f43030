"""What a training that has ended keeps, and that nothing goes on from it."""

import json
import math
from typing import Any

import pytest

from training import drop_state, fit, resume_from
from training.ended import has_ended

PLAN: dict[str, Any] = {"fit": "flat", "epochs": 2, "freeze_epochs": 1, "lr": 0.01, "backbone_lr_factor": 1.0}


@pytest.fixture
def trained(make_learner, tmp_path):
    """A run's folder after its training, and the learner."""
    scores = iter([0.5, math.nan])
    learn = make_learner(tmp_path / "run" / "checkpoints", evaluate=lambda _: {"miou": next(scores)}, ema=0.5)
    fit(learn, **PLAN)
    return tmp_path / "run", learn


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_history_alone_stays_beside_a_model(trained):
    run, learn = trained
    assert not has_ended(run / "checkpoints")
    (run / "model.safetensors").touch()
    drop_state(run / "checkpoints")
    assert names(run / "checkpoints") == ["history.json"]
    rows = json.loads((run / "checkpoints" / "history.json").read_text(), parse_constant=pytest.fail)
    assert [row["val/miou"] for row in rows] == [0.5, None]
    assert [row["train/loss"] for row in rows] == [row["train/loss"] for row in learn.checkpoint.history]


def test_without_a_model_the_best_weights_stay(trained):
    run, _ = trained
    drop_state(run / "checkpoints")
    assert names(run / "checkpoints") == ["best.safetensors", "history.json"]


def test_what_has_ended_is_not_gone_on_with(trained):
    run, _ = trained
    drop_state(run / "checkpoints")
    drop_state(run / "checkpoints")  # again changes nothing
    assert has_ended(run / "checkpoints")
    with pytest.raises(ValueError, match=r"run: the training is complete .*without --resume"):
        resume_from(run / "checkpoints")


def test_a_training_without_an_epoch_has_nothing_to_drop(tmp_path):
    drop_state(tmp_path / "checkpoints")
    assert resume_from(tmp_path / "checkpoints") is None
