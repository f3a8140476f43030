"""Too little memory, here or in the loader processes, and a loss that diverges, are named with what to try."""

import math
import os
import signal
from typing import Any

import pytest
import torch
from torch.utils.data import DataLoader

from camvid.augmented import TrainFrames
from camvid.loaders import SeededOrder
from tests.training.conftest import frames
from training import fit
from training.machine import LoaderFailed, OutOfMemory, memory_advice
from training.watch import TrainingDiverged

PLAN: dict[str, Any] = {"fit": "one_cycle", "epochs": 2, "freeze_epochs": 1, "lr": 0.01, "backbone_lr_factor": 0.0}


def on_gpu():
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 8 GiB")


def on_cpu():
    torch.empty(2**50)


def in_numpy():
    raise MemoryError


@pytest.mark.parametrize("fail", [on_gpu, on_cpu, in_numpy])
def test_a_step_without_memory_names_the_batch_size_to_try(make_learner, fail):
    learn = make_learner(batch_size=4, accumulate=2)
    learn.model.head.register_forward_hook(lambda module, inputs, logits: fail())
    advice = "^out of memory at batch_size=4; try batch_size=2 accumulate=4, which makes the same steps with less "
    with pytest.raises(OutOfMemory, match=advice):
        fit(learn, **PLAN)


def test_an_evaluation_without_memory_does_too(make_learner):
    def judge(model):
        on_gpu()

    with pytest.raises(OutOfMemory, match="try batch_size=1 accumulate=2"):
        fit(make_learner(evaluate=judge), **PLAN)


def test_another_error_keeps_its_kind_and_words(make_learner):
    learn = make_learner()
    learn.model.head = torch.nn.Conv2d(9, 3, 1)
    with pytest.raises(RuntimeError, match=r"expected input.* to have 9 channels"):
        fit(learn, **PLAN)


def bus_error():
    os.kill(os.getpid(), signal.SIGBUS)  # as the system does where /dev/shm is full


def too_large():
    torch.UntypedStorage._new_using_fd_cpu(2**45)


def killed():
    os.kill(os.getpid(), signal.SIGKILL)


class Failing(TrainFrames):
    """Frames whose loader process fails at the second batch."""

    def __init__(self, fail):
        super().__init__(frames(), "flip", (32, 32), (0.5, 1.0))
        self.fail, self.taken = fail, 0

    def __getitem__(self, key):
        self.taken += 1
        if self.taken > 2:
            self.fail()
        return super().__getitem__(key)


@pytest.mark.parametrize(
    ("fail", "advice"),
    [
        (bus_error, "^workers=1: /dev/shm is too small for the batches of the loader processes; use --workers 0"),
        (too_large, "^workers=1: /dev/shm is too small for the batches of the loader processes; use --workers 0"),
        pytest.param(killed, "^workers=1: a loader process has died, probably for lack of ", marks=pytest.mark.soak),
    ],
)
def test_loader_processes_without_memory_name_the_ways_out(make_learner, fail, advice):
    loader = DataLoader(Failing(fail), batch_size=2, sampler=SeededOrder(10, 0), num_workers=1)
    with pytest.raises(LoaderFailed, match=advice):
        fit(make_learner(loader=loader), **PLAN)


def damaged():
    raise ValueError("street.png: unreadable picture: 0 bytes")


@pytest.mark.soak
def test_what_a_loader_process_finds_damaged_is_said_in_its_own_words(make_learner):
    for workers in (0, 1):
        loader = DataLoader(Failing(damaged), batch_size=2, sampler=SeededOrder(10, 0), num_workers=workers)
        with pytest.raises(ValueError, match=r"^street\.png: unreadable picture: 0 bytes$"):
            fit(make_learner(loader=loader), **PLAN)


def test_advice():
    assert "batch_size=8 accumulate=2" in memory_advice(16)
    assert "batch_size=3 accumulate=9" in memory_advice(9, accumulate=3)
    assert "batch_size=16; try batch_size=8 accumulate=2" in memory_advice(8, processes=2)
    assert "batch_size=2; lower resize_factor" in memory_advice(1, processes=2)


@pytest.mark.parametrize("bad", [1, 3, 17])
def test_the_first_step_whose_loss_is_not_finite_is_named_with_its_rate(make_learner, bad):
    learn = make_learner(batch_size=1)  # 10 steps an epoch
    steps = []
    inner = learn.loss_func
    learn.loss_func = lambda logits, target: (
        inner(logits, target) * (math.inf if steps.append(1) or len(steps) == bad else 1)
    )
    epoch, step = (bad - 1) // 10 + 1, (bad - 1) % 10 + 1
    with pytest.raises(TrainingDiverged, match=rf"\(epoch {epoch}, step {step}, lr 0\.\d+\); lower lr \(now 0.01\) or"):
        fit(learn, **PLAN)
    assert len(steps) < bad + 50
