"""What each process of a small training does: python -m tests.training.together SCENARIO FOLDER, under a launcher.

It writes FOLDER/<rank>.json: the training's history, how often this process evaluated, and what was raised. The weights
lie in FOLDER/<rank>.safetensors.
"""

import contextlib
import json
import math
import sys
import warnings
from pathlib import Path
from typing import Any

import torch
from fastai.callback.core import Callback
from safetensors.torch import save_file
from torch import nn

from camvid.loaders import train_loader
from tests.training.conftest import Small, frames
from training import build_learner, fit, join_team, resume_from
from training.distributed import Team

PLAN: dict[str, Any] = {"fit": "fine_tune", "epochs": 3, "freeze_epochs": 1, "lr": 0.01, "backbone_lr_factor": 0.5}


class Stop(Exception):
    """Stands for the kill; that of a real process is in tests/train/test_resuming.py."""


class At(Callback):
    """Calls something in the middle of the third epoch."""

    order = 16

    def __init__(self, act):
        self.act = act

    def before_batch(self):
        if self.learn.set_epoch.epoch == 3 and self.learn.iter == 1:
            self.act(self.learn)


def stop(learn):
    raise Stop("killed")


def spoil(learn):
    learn.xb = (torch.full_like(learn.xb[0], 1).float() * math.nan,)


def small(exact: bool) -> nn.Module:
    """The network of these tests; `exact` without statistics of a batch and without chance."""
    torch.manual_seed(0)
    model = Small()
    if exact:
        model.backbone[1], model.backbone[3] = nn.GroupNorm(2, 8), nn.Identity()
    return model


class Judge:
    """A score that grows, and how often it was asked for."""

    def __init__(self, fails_at: int = 0):
        self.asked, self.fails_at = 0, fails_at

    def __call__(self, model):
        self.asked += 1
        if self.asked == self.fails_at:
            raise ValueError("frame 7 is damaged")
        return {"miou": self.asked / 10}


def train(folder: Path, team: Team, *, exact=True, callbacks=(), judge=None, resume=None, minutes=0.0, **changes: Any):
    """A learner that has been trained; `folder` takes its checkpoints."""
    model = small(exact)
    torch.manual_seed(team.rank)
    share = (team.rank, team.count)
    loader = train_loader(
        frames(), augment="flip", size=(32, 32), crop_min=0.5, crop_max=1.0, batch_size=4, seed=0, share=share
    )
    settings: dict[str, Any] = {"precision": "fp32", "lr": 0.01, "weight_decay": 0.01, "monitor": "miou"} | changes
    judge = judge or Judge()
    learn = build_learner(
        model,
        loader,
        nn.CrossEntropyLoss(),
        judge,
        folder=folder,
        device="cpu",
        team=team,
        callbacks=callbacks,
        **settings,
    )
    fit(learn, **PLAN | ({"epochs": 10**6} if minutes else {}), resume=resume, max_minutes=minutes)
    learn.judge = judge
    return learn


SETTINGS: dict[str, dict[str, Any]] = {
    "plain": {},
    "all": {"accumulate": 2, "grad_clip": 0.5, "ema": 0.9},
    "bf16": {"precision": "bf16"},
}


def run(scenario: str, folder: Path, team: Team):
    """The learner at the end of a scenario."""
    if scenario in SETTINGS:
        return train(folder / "checkpoints", team, **SETTINGS[scenario])
    if scenario == "minutes":
        return train(folder / "checkpoints", team, minutes=1 / 60)
    if scenario == "patience":
        scores = iter([0.5, 0.4, 0.3, 0.2])
        return train(folder / "checkpoints", team, patience=1, judge=lambda _: {"miou": next(scores)})
    if scenario == "nan":  # in one process alone
        return train(folder / "checkpoints", team, callbacks=[At(spoil)] if team.rank == team.count - 1 else [])
    if scenario == "fault":
        return train(folder / "checkpoints", team, judge=Judge(fails_at=2))
    chance = {"exact": False, "ema": 0.9}
    if scenario == "whole":
        return train(folder / "checkpoints", team, **chance)
    assert scenario == "resume"
    with contextlib.suppress(Stop):
        train(folder / "checkpoints", team, callbacks=[At(stop)], **chance)
    torch.manual_seed(99)  # whatever a new process drew before it resumes
    return train(folder / "checkpoints", team, resume=resume_from(folder / "checkpoints"), **chance)


def main(scenarios: str, top: Path) -> None:
    """Runs scenarios one after the other in one process."""
    team = join_team("cpu")
    for scenario in scenarios.split(","):
        folder = top / scenario
        folder.mkdir(parents=True, exist_ok=True)
        told: dict[str, Any] = {"rank": team.rank, "count": team.count}
        try:
            learn = run(scenario, folder, team)
        except ValueError as error:
            told |= {"raised": f"{type(error).__name__}: {error}"}
        else:
            told |= {"history": learn.checkpoint.history, "asked": getattr(learn.judge, "asked", None)}
            weights = {key: value.contiguous() for key, value in learn.model.state_dict().items()}
            save_file(weights, folder / f"{team.rank}.safetensors")
        (folder / f"{team.rank}.json").write_text(json.dumps(told))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(sys.argv[1], Path(sys.argv[2]))
