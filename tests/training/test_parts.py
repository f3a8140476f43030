"""A training of two tasks: batches of three, the parts of the loss, and learned weights that are resumed."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Dataset

from camvid.loaders import SeededOrder
from losses import TaskLoss, build_depth_loss, build_loss
from models import build_model
from tests.training.test_checkpoint import Stop, StopAt
from training import fit, load_best, resume_from

PLAN: dict[str, Any] = {"fit": "one_cycle", "epochs": 3, "freeze_epochs": 1, "lr": 0.01, "backbone_lr_factor": 0.0}
NAMES = ["loss/segmentation", "weight/segmentation", "loss/depth", "weight/depth"]


class Scenes(Dataset[tuple[torch.Tensor, ...]]):
    """Twelve images whose colour shows class and depth; every second one has no mask, and the others no depth.

    `truth`: both, or the only one that any image has.
    """

    def __init__(self, truth):
        self.truth = truth

    def __len__(self):
        return 12

    def __getitem__(self, key):
        seed, index = key
        rng = np.random.default_rng((index, seed))
        mask = np.kron(rng.integers(0, 3, (2, 2)), np.ones((16, 16), int)).astype(np.uint8)
        depth = (2.0 + 10 * mask).astype(np.float32)
        image = np.eye(3)[mask] * 200 + rng.integers(0, 50, (32, 32, 3))
        if self.truth == "depth" or (self.truth == "both" and index % 2):
            mask = np.full_like(mask, 255)
        else:
            depth = np.full_like(depth, np.nan)
        parts = torch.from_numpy(image.astype(np.uint8)).permute(2, 0, 1), torch.from_numpy(mask)
        return *parts, torch.from_numpy(depth)


def loader(truth="both"):
    return DataLoader(Scenes(truth), batch_size=3, sampler=SeededOrder(12, 0), drop_last=True)


def learner(make_learner, truth="both", task_weights: Any = "learned", tasks=("segmentation", "depth"), **changes):
    torch.manual_seed(0)
    model = build_model("hydra", 3, "test_resnet", tasks=tasks, task_weights=task_weights, focal=30.0)
    loss = TaskLoss(build_loss("ce"), build_depth_loss("silog"), task_weights)
    return make_learner(model=model, loss=loss, loader=loader(truth), **changes)


def test_both_tasks_learn_from_frames_of_which_each_has_one_truth(make_learner):
    learn = learner(make_learner, precision="bf16", accumulate=2, grad_clip=1.0)
    fit(learn, **PLAN | {"epochs": 8})
    first, *_, last = learn.checkpoint.history
    assert last["train/loss/segmentation"] < 0.8 * first["train/loss/segmentation"]
    assert last["train/loss/depth"] < 0.8 * first["train/loss/depth"]
    assert [key.removeprefix("train/") for key in first if key.startswith("train/") and key != "train/loss"] == NAMES
    assert last["train/weight/depth"] != 1 == pytest.approx(first["train/weight/depth"], rel=0.05)
    assert last["train/weight/depth"] == pytest.approx(float((-learn.model.log_variances.detach()[1]).exp()), rel=0.05)


def test_a_part_is_the_mean_of_the_batches_that_have_it(make_learner):
    learn, seen = learner(make_learner, task_weights={"depth": 2.0}), []
    learn.loss_func.register_forward_hook(lambda loss, *_: seen.append(loss.parts["loss/depth"].item()))
    learn.dls.train.loader.dataset.truth = "segmentation"
    fit(learn, **PLAN | {"epochs": 1})
    assert all(math.isnan(loss) for loss in seen)
    assert math.isnan(learn.checkpoint.history[-1]["train/loss/depth"])
    assert learn.checkpoint.history[-1]["train/weight/depth"] == 2

    mixed, seen = learner(make_learner), []
    mixed.loss_func.register_forward_hook(lambda loss, *_: seen.append(loss.parts["loss/depth"].item()))
    fit(mixed, **PLAN | {"epochs": 1})
    known = [loss for loss in seen if not math.isnan(loss)]
    assert mixed.checkpoint.history[-1]["train/loss/depth"] == pytest.approx(np.mean(known))


@pytest.mark.parametrize("task", ["segmentation", "depth"])
def test_one_task_alone_learns_from_the_same_batches(make_learner, task):
    learn = learner(make_learner, tasks=(task,), truth=task)
    fit(learn, **PLAN | {"epochs": 6})
    first, *_, last = learn.checkpoint.history
    assert last[f"train/loss/{task}"] == pytest.approx(last["train/loss"])
    assert last["train/loss"] < 0.8 * first["train/loss"]


def test_learned_weights_are_resumed_and_not_kept_in_the_model(make_learner, tmp_path):
    whole = learner(make_learner, folder=tmp_path / "whole", ema=0.9)
    fit(whole, **PLAN)
    cut = learner(make_learner, folder=tmp_path / "cut", ema=0.9, callbacks=[StopAt(2)])
    with pytest.raises(Stop):
        fit(cut, **PLAN)
    resumed = learner(make_learner, folder=tmp_path / "cut", ema=0.9)
    fit(resumed, **PLAN, resume=resume_from(tmp_path / "cut"))
    for learn in (whole, resumed):
        assert not torch.equal(learn.model.log_variances.detach(), torch.zeros(2))
    expected, found = whole.model.state_dict(), resumed.model.state_dict()
    assert all(torch.equal(value, found[key]) for key, value in expected.items())
    assert [row["train/weight/depth"] for row in whole.checkpoint.history] == [
        row["train/weight/depth"] for row in resumed.checkpoint.history
    ]
    load_best(tmp_path / "whole", whole.model)
    assert whole.model.log_variances is None
