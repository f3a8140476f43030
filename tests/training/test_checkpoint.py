"""Nothing is lost: resuming is exact, files are whole, damage is named."""

import math
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from fastai.callback.core import Callback
from safetensors.torch import load_file

import training.checkpoint
from training import fit, load_best, load_checkpoint, resume_from
from training.checkpoint import random_state, set_random_state

PLAN: dict[str, Any] = {"fit": "one_cycle", "epochs": 4, "freeze_epochs": 2, "lr": 0.01, "backbone_lr_factor": 0.0}


class Stop(Exception):
    """Stands for the kill; that of a real process is in tests/train/test_resuming.py."""


class StopAt(Callback):
    """Raises in the middle of an epoch, counted over all stages."""

    def __init__(self, epoch: int):
        self.last = epoch

    def before_batch(self):
        if self.learn.set_epoch.offset + self.learn.epoch == self.last and self.learn.iter == 2:
            raise Stop("killed")


class Kept(Callback):
    """Notes the epoch of the checkpoint after each epoch."""

    order = 96  # after it was written

    def __init__(self) -> None:
        self.epochs: list[int] = []

    def after_epoch(self):
        self.epochs.append(load_checkpoint(self.learn.checkpoint.folder / "last.pt")["epoch"])


@pytest.mark.parametrize(("seconds", "expected"), [(30.0, [1, 1, 3, 3, 3, 6, 7]), (0.0, [1, 2, 3, 4, 5, 6, 7])])
def test_short_epochs_without_an_evaluation_are_not_kept_each(make_learner, monkeypatch, seconds, expected):
    monkeypatch.setattr(training.checkpoint, "SECONDS", seconds)
    kept = Kept()
    fit(make_learner(eval_every=3, callbacks=[kept]), **PLAN | {"epochs": 7})
    assert kept.epochs == expected


def test_epochs_that_were_not_kept_are_trained_again(make_learner, tmp_path):
    plan = PLAN | {"epochs": 7}
    whole = make_learner(tmp_path / "whole", eval_every=3)
    fit(whole, **plan)
    with pytest.raises(Stop):
        fit(make_learner(tmp_path / "cut", eval_every=3, callbacks=[StopAt(5)]), **plan)
    resumed = make_learner(tmp_path / "cut", eval_every=3)
    checkpoint = resume_from(tmp_path / "cut")
    assert checkpoint is not None
    assert checkpoint["epoch"] == len(checkpoint["history"]) == 3
    fit(resumed, **plan, resume=checkpoint)
    assert all(torch.equal(value, resumed.model.state_dict()[key]) for key, value in whole.model.state_dict().items())
    assert [row["epoch"] for row in resumed.checkpoint.history] == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize("changes", [{}, {"ema": 0.9}, {"precision": "bf16", "accumulate": 2, "grad_clip": 1.0}])
@pytest.mark.parametrize("schedule", ["one_cycle", "fine_tune", "flat", "poly"])
def test_a_fit_resumed_after_each_epoch_ends_with_the_weights_of_an_uninterrupted_one(
    make_learner, tmp_path, schedule, changes
):
    """Each process but the last ends in the middle of an epoch, and the next one goes on from there."""
    plan = PLAN | {"fit": schedule}
    whole = make_learner(tmp_path / "whole", **changes)
    fit(whole, **plan)
    for epoch in (1, 2, 3):
        with pytest.raises(Stop):
            fit(
                make_learner(tmp_path / "cut", **changes, callbacks=[StopAt(epoch)]),
                **plan,
                resume=resume_from(tmp_path / "cut"),
            )
        torch.manual_seed(99)  # whatever the new process drew before it resumes
    resumed = make_learner(tmp_path / "cut", **changes)
    fit(resumed, **plan, resume=resume_from(tmp_path / "cut"))

    for key, value in whole.model.state_dict().items():
        assert torch.equal(value, resumed.model.state_dict()[key]), key
    if "ema" in changes:
        for key, value in whole.average.module.state_dict().items():
            assert torch.equal(value, resumed.average.module.state_dict()[key]), key
    losses = [[row["train/loss"] for row in learn.checkpoint.history] for learn in (whole, resumed)]
    assert losses[0] == losses[1]


def test_best_is_the_best_and_last_is_the_last(make_learner, tmp_path):
    scores, kept = iter([0.1, 0.5, 0.3, 0.2]), []

    def judge(model):
        kept.append(model.head.weight.detach().clone())
        return {"miou": next(scores)}

    learn = make_learner(evaluate=judge)
    fit(learn, **PLAN)
    assert torch.equal(load_file(tmp_path / "best.safetensors")["head.weight"], kept[1])
    assert torch.equal(load_checkpoint(tmp_path / "last.pt")["model"]["head.weight"], kept[3])
    load_best(tmp_path, learn.model)
    assert torch.equal(learn.model.head.weight, kept[1])


def test_the_best_has_the_lowest_error_where_lower_is_better(make_learner, tmp_path):
    scores, kept = iter([math.nan, 0.5, 0.1, 0.3, 0.2, 0.4]), []

    def judge(model):
        kept.append(model.head.weight.detach().clone())
        return {"depth/abs_rel": next(scores)}

    for epochs, best in ((2, 1), (9, 2)):
        learn = make_learner(evaluate=judge, patience=2, monitor="depth/abs_rel")
        fit(learn, **PLAN | {"epochs": epochs}, resume=resume_from(tmp_path))
        assert torch.equal(load_file(tmp_path / "best.safetensors")["head.weight"], kept[best])
    assert learn.checkpoint.best == 0.1
    assert len(learn.checkpoint.history) == 5  # two evaluations without a better one


def test_scores_of_numpy_can_be_read_from_a_checkpoint(make_learner, tmp_path):
    fit(make_learner(evaluate=lambda _: {"miou": np.float64(0.25)}), **PLAN)
    checkpoint = load_checkpoint(tmp_path / "last.pt")
    assert checkpoint["best"] == checkpoint["history"][-1]["val/miou"] == 0.25


def test_while_the_score_is_undefined_the_newest_weights_are_the_best(make_learner, tmp_path, capsys):
    scores, kept = iter([math.nan, math.nan, 0.3, math.nan, 0.2, 0.1]), []

    def judge(model):
        kept.append(model.head.weight.detach().clone())
        return {"miou": next(scores)}

    for epochs, best in ((2, 1), (4, 2)):
        learn = make_learner(evaluate=judge, patience=2)
        fit(learn, **PLAN | {"epochs": epochs}, resume=resume_from(tmp_path))
        assert torch.equal(load_file(tmp_path / "best.safetensors")["head.weight"], kept[best])
    assert learn.checkpoint.best == 0.3
    assert capsys.readouterr().out.count("monitor=miou is undefined") == 1


@pytest.mark.parametrize("schedule", ["one_cycle", "fine_tune"])
def test_a_fit_that_patience_ended_is_not_resumed_past_its_end(make_learner, tmp_path, schedule):
    plan = PLAN | {"fit": schedule, "epochs": 6}
    scores = iter([0.1, 0.5, 0.4, 0.3, 0.2])
    learn = make_learner(patience=2, evaluate=lambda _: {"miou": next(scores)})
    fit(learn, **plan)
    trained, minutes = len(learn.checkpoint.history), learn.watch.minutes
    resumed = make_learner(patience=2, evaluate=lambda _: {"miou": 0.9})
    fit(resumed, **plan, resume=resume_from(tmp_path))
    assert len(resumed.checkpoint.history) == trained
    assert resumed.checkpoint.best == 0.5
    assert 0 < resumed.watch.minutes <= minutes


def test_nothing_to_resume_from_means_from_the_beginning(tmp_path):
    assert resume_from(tmp_path) is None
    with pytest.raises(ValueError, match=r"last.pt: no such checkpoint"):
        load_checkpoint(tmp_path / "last.pt")


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_truncated_checkpoint_is_named_with_the_fix(make_learner, tmp_path, share):
    fit(make_learner(), **PLAN | {"epochs": 1})
    path = tmp_path / "last.pt"
    os.truncate(path, int(path.stat().st_size * share))
    with pytest.raises(ValueError, match=r"last.pt: the checkpoint is damaged .*start again without --resume"):
        load_checkpoint(path)


def test_checkpoint_of_another_taxonomy_is_named(make_learner, tmp_path):
    fit(make_learner(), **PLAN | {"epochs": 1})
    learn = make_learner()
    learn.model.head = torch.nn.Conv2d(8, 5, 1)
    with pytest.raises(ValueError, match=r"checkpoint is of another model .*size mismatch.*; resume with the"):
        fit(learn, **PLAN, resume=resume_from(tmp_path))


def test_checkpoint_holds_no_code(make_learner, tmp_path):
    fit(make_learner(ema=0.9), **PLAN | {"epochs": 1})
    torch.load(tmp_path / "last.pt", weights_only=True)  # raises for anything but tensors and plain values


@pytest.mark.soak
def test_full_disk_is_named_and_the_previous_file_survives(tmp_path):
    """A limit on file size, which needs no root: the write fails as on a full disk."""
    code = """
import resource, sys, torch
from pathlib import Path
from training.checkpoint import _write_state
path = Path(sys.argv[1])
_write_state(path, torch.ones(10))
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
try:
    _write_state(path, torch.ones(1_000_000))
except OSError as error:
    print(error)
"""
    path = tmp_path / "last.pt"
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert f"{path}: cannot be written (" in done.stdout, done.stderr
    assert "the previous file is kept" in done.stdout
    assert torch.equal(torch.load(path, weights_only=True), torch.ones(10))
    assert [file.name for file in tmp_path.iterdir()] == ["last.pt"]
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


def test_others_can_read_what_the_umask_lets_them_and_a_kill_leaves_one_file_at_most(make_learner, tmp_path):
    (tmp_path / ".last.tmp.pt").write_text("half")
    fit(make_learner(), **PLAN | {"epochs": 1})
    (tmp_path / "plain").touch()
    names = ["best.safetensors", "last.pt"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [*names, "plain"]
    for name in names:
        assert (tmp_path / name).stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_random_state_round_trips():
    import random

    import numpy as np

    state = random_state()
    first = (random.random(), np.random.rand(), float(torch.rand(())))  # noqa: NPY002
    set_random_state(state)
    assert (random.random(), np.random.rand(), float(torch.rand(()))) == first  # noqa: NPY002


def test_a_resumed_fit_is_evaluated_at_the_shares_that_are_left(make_learner, tmp_path):
    cut = make_learner(evaluations=2, callbacks=[StopAt(2)])
    with pytest.raises(Stop):
        fit(cut, **PLAN)
    resumed = make_learner(evaluations=2)
    fit(resumed, **PLAN, resume=resume_from(tmp_path))
    assert [row["epoch"] for row in resumed.checkpoint.history if "val/miou" in row] == [2, 4]
