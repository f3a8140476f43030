"""A fastai Learner for segmentation and depth, and the fit that can be interrupted anywhere and resumed."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from fastai.callback.core import Callback, CancelBatchException, TrainEvalCallback
from fastai.callback.schedule import ParamScheduler  # this also patches Learner.fit_one_cycle
from fastai.callback.training import GradientClip
from fastai.data.core import DataLoaders
from fastai.learner import Learner
from fastai.optimizer import OptimWrapper
from torch import Tensor, nn
from torch.utils.data import DataLoader
from tqdm import tqdm

from training.ahead import Ahead
from training.average import Average
from training.captured import CapturedLearner, choose_recorder
from training.checkpoint import Checkpoint, set_random_state
from training.distributed import ALONE, Parallel, Team
from training.machine import LoaderFailed, OutOfMemory, is_out_of_memory, loader_advice, memory_advice, own_words
from training.parts import Parts
from training.precision import Autocast, Prepare, compile_network
from training.progress import EpochLine, Evaluate, Rehearse, Validate
from training.schedule import Stage, check_fit, in_groups, split_parameters, stage_budget, stages
from training.watch import Watch


class Loaders(DataLoaders):
    """The training batches on a device; validation has a loop of its own."""

    n_inp = 1  # of a batch only the images are the network's input, however many targets follow

    def __init__(self, train: DataLoader[tuple[Tensor, ...]], device: str):
        super().__init__(Ahead(train, torch.device(device), getattr(train, "finish", None)), [])
        self._device = torch.device(device)


class Accumulate(Callback):
    """Makes one step of the optimiser for every `steps` batches, and at the epoch's end, with their mean gradient."""

    order, run_valid = 6, False

    def __init__(self, steps: int):
        self.steps = steps

    def before_train(self) -> None:
        self.learn.opt.zero_grad()  # of a group that the clock has cut off in the epoch before

    def after_loss(self) -> None:
        first = self.learn.iter - self.learn.iter % self.steps
        self.learn.loss_grad = self.learn.loss_grad / min(self.steps, self.learn.n_iter - first)

    def before_step(self) -> None:
        if (self.learn.iter + 1) % self.steps and self.learn.iter + 1 < self.learn.n_iter:
            raise CancelBatchException


class SetEpoch(Callback):
    """Sets the sampler's epoch, counted over all stages, and restores the random generators after an interruption."""

    order, run_valid = 15, False

    def __init__(self) -> None:
        self.random: dict[str, Any] | None = None
        self.offset = 0
        self.total: int | None = None  # epochs of all stages; None where there is one

    @property
    def epoch(self) -> int:
        """The epoch, counted from 1 over all stages."""
        return int(self.offset + self.learn.epoch + 1)

    @property
    def share(self) -> float:
        """The share of all stages that is done, in [0, 1]; by the clock where a time budget shortens a stage."""
        done = self.offset + self.learn.pct_train * self.learn.n_epoch
        return float(done / (self.total or self.learn.n_epoch))

    @property
    def in_last_stage(self) -> bool:
        """Whether no stage comes after this one."""
        return self.total is None or self.offset + self.learn.n_epoch >= self.total

    def before_train(self) -> None:
        self.learn.dls.train.sampler.epoch = self.epoch - 1
        if self.random:
            set_random_state(self.random)
            self.random = None

    def after_train(self) -> None:
        self.learn.epoch_metrics["epoch"] = self.epoch


def build_learner(
    model: nn.Module,
    train: DataLoader[tuple[Tensor, ...]],
    loss: nn.Module,
    evaluate: Evaluate | None,
    *,
    folder: Path,
    device: str,
    precision: str,
    lr: float,
    weight_decay: float,
    monitor: str,
    channels_last: bool = True,
    compile: bool = False,
    cuda_graph: bool = True,
    accumulate: int = 1,
    grad_clip: float = 0.0,
    ema: float = 0.0,
    patience: int = 0,
    eval_every: int = 1,
    evaluations: int = 0,
    rehearse: Rehearse | None = None,
    team: Team = ALONE,
    callbacks: Iterable[Callback] = (),
) -> Learner:
    """A Learner with AdamW and the project's callbacks.

    Args:
        model: from images (N, 3, H, W) in [0, 1] to what the loss takes, e.g. logits (N, C, H, W); its `backbone` can
            be frozen.
        train: batches of images (N, 3, H, W) in 0 to 255, masks (N, H, W), and depths (N, H, W) if they are learned,
            from a sampler with an `epoch`; if it has a function `finish`, that is applied to each batch on the device.
        loss: of what the model returns, int64 masks, and depths if there are any. If it has `parts`, scalars by name
            after each batch, they are logged as train/<name>.
        evaluate: validation metrics of a model, by name; logged as val/<name>. None measures nothing: the last
            weights count as the best, and `monitor`, `patience`, `eval_every` and `evaluations` have no effect.
        folder: where checkpoints go.
        device: cpu or cuda.
        precision: fp32 or bf16.
        lr: learning rate if the schedule names none.
        weight_decay: weight decay of AdamW, for parameters with more than one dimension.
        monitor: name of the metric that decides which checkpoint is best.
        channels_last: memory format.
        compile: whether the network is compiled with torch.compile.
        cuda_graph: whether the step is captured as a CUDA graph on a GPU; see `training.captured`.
        accumulate: number of batches whose gradients make one step.
        grad_clip: largest norm of the gradient; 0 switches clipping off.
        ema: decay of the moving average of the weights; 0 switches it off.
        patience: number of evaluations without improvement after which the fit ends; 0 never ends it.
        eval_every: number of epochs between evaluations.
        evaluations: number of evaluations, at equal shares of the training, instead of `eval_every`; 0 for none.
        rehearse: estimates the seconds that `evaluate` will take, in less time; for a time budget.
        team: the processes that train together.
        callbacks: further callbacks, for example W&B's.
    """
    cbs: list[Callback] = [Prepare(channels_last), SetEpoch(), Watch(team), EpochLine(team)]
    cbs += [Validate(evaluate, eval_every, evaluations, team, rehearse if evaluate else None)]
    cbs += [Parts(team)] if hasattr(loss, "parts") else []
    cbs += [Parallel()] if team.count > 1 else []
    cbs += [Autocast(device)] if precision == "bf16" else []
    cbs += [Average(model, ema)] if ema else []
    cbs += [Accumulate(accumulate)] if accumulate > 1 else []
    cbs += [GradientClip(grad_clip)] if grad_clip else []
    cbs += [*callbacks, Checkpoint(folder, f"val/{monitor}" if evaluate else "", patience, team)]
    if compile:
        compile_network(model)
    return CapturedLearner(
        Loaders(train, device),
        model.to(device),
        loss,
        opt_func=partial(OptimWrapper, opt=partial(torch.optim.AdamW, fused=True)),
        lr=lr,
        splitter=split_parameters,
        cbs=[TrainEvalCallback(), *cbs],
        default_cbs=False,  # fastai's recorder and bar: Watch, Validate and EpochLine do their work
        wd=[weight_decay, 0.0] * 2,
        step_recorder=choose_recorder(device, cuda_graph, accumulate, team),
    )


def fit(
    learn: Learner,
    *,
    fit: str,
    epochs: int,
    freeze_epochs: int,
    lr: float,
    backbone_lr_factor: float,
    max_minutes: float = 0.0,
    resume: dict[str, Any] | None = None,
) -> None:
    """Runs a schedule, from its beginning or from a checkpoint.

    Args:
        learn: from `build_learner`.
        fit: one_cycle, fine_tune, flat or poly.
        epochs, freeze_epochs, lr, backbone_lr_factor: see `training.schedule.stages`.
        max_minutes: time budget of all stages together, with their evaluations; 0 for none. Time that a stage leaves
            over is added to the next stage, and time that it exceeds is taken from it.
        resume: a checkpoint from `load_checkpoint`; on a CPU the weights end as if nothing had been interrupted.

    Raises:
        ValueError: the schedule treats the backbone separately, but the model has no backbone; see `check_fit`.
        TrainingDiverged: the loss is not finite.
        OutOfMemory: a step needs more memory than there is; the message names a batch size to try.
        LoaderFailed: the loader processes have too little memory.
    """
    check_fit(learn.model, fit, backbone_lr_factor)
    plan = stages(fit, epochs=epochs, freeze_epochs=freeze_epochs, lr=lr, backbone_lr_factor=backbone_lr_factor)
    first = resume["stage"] if resume else 0
    learn.set_epoch.total = sum(stage.epochs for stage in plan)
    for number, stage in enumerate(plan[first:], first):
        here = resume if resume and number == first else None
        learn.checkpoint.begin(number)
        learn.set_epoch.offset = sum(before.epochs for before in plan[:number])
        budget = stage_budget(learn, 60 * max_minutes, [one.epochs for one in plan], number, here)
        if budget and budget.seconds <= 0:  # the evaluations of the stage before took more than was expected
            _tell_end(learn, max_minutes, plan, number)
            break
        try:
            _fit_stage(learn, stage, here, [budget] if budget else [])
        except (ValueError, OSError) as error:
            error.args = (own_words(error),)
            raise
        except (RuntimeError, MemoryError) as error:
            if advice := loader_advice(error, learn.dls.train.num_workers):
                raise LoaderFailed(advice) from error
            if is_out_of_memory(error):
                raise OutOfMemory(_memory_advice(learn)) from error
            raise
        if budget and budget.cut:
            _tell_end(learn, max_minutes, plan, number)


def _tell_end(learn: Learner, max_minutes: float, plan: list[Stage], number: int) -> None:
    """One line that the time budget has ended a stage."""
    what = "the training" if number + 1 == len(plan) else f"stage {number + 1} of {len(plan)}"
    epoch, epochs = learn.checkpoint.history[-1]["epoch"], sum(stage.epochs for stage in plan)
    if learn.checkpoint.team.leads:
        tqdm.write(f"max_minutes={max_minutes:g}: {what} ended in epoch {epoch} of {epochs}")


def _memory_advice(learn: Learner) -> str:
    accumulate = learn.accumulate.steps if hasattr(learn, "accumulate") else 1
    return memory_advice(learn.dls.train.batch_size, accumulate, learn.checkpoint.team.count)


def _fit_stage(learn: Learner, stage: Stage, resume: dict[str, Any] | None, cbs: list[Callback]) -> None:
    learn.freeze_to(2 if stage.frozen else 0)  # the backbone's groups come first
    if resume:
        _restore(learn, resume)
        if learn.checkpoint.out_of_patience:
            return
    start = resume["epoch"] if resume else 0
    lr = np.repeat(stage.lr, 2)
    if stage.power:
        falling = ParamScheduler({"lr": lambda share: np.repeat(stage.rate(share), 2)})
        learn.fit(stage.epochs, lr=lr, cbs=[*cbs, falling], start_epoch=start)
    elif stage.flat:
        learn.fit(stage.epochs, lr=lr, cbs=cbs, start_epoch=start)
    else:
        learn.fit_one_cycle(
            stage.epochs, lr_max=lr, div=stage.div, pct_start=stage.pct_start, cbs=cbs, start_epoch=start
        )


def _restore(learn: Learner, checkpoint: dict[str, Any]) -> None:
    try:
        learn.model.load_state_dict(checkpoint["model"])
        learn.opt.load_state_dict(in_groups(checkpoint["optimizer"], learn.model))
    except (RuntimeError, ValueError) as error:
        raise ValueError(
            f"{learn.checkpoint.folder / 'last.pt'}: the checkpoint is of another model "
            f"({str(error).splitlines()[-1].strip()}); resume with the run's own architecture, backbone and taxonomy"
        ) from None
    learn.checkpoint.restore(checkpoint)
    learn.watch.minutes = checkpoint.get("minutes", 0.0)  # earlier versions wrote none
    states = checkpoint["random"]
    learn.set_epoch.random = states[learn.checkpoint.team.rank % len(states)]
    if checkpoint["average"]:
        learn.average.module.load_state_dict(checkpoint["average"]["module"])
