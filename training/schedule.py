"""The stages of a fit, the schedule of its learning rate, and its time budget."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from fastai.callback.core import Callback, CancelFitException, CancelTrainException
from fastai.learner import Learner
from numpy.typing import NDArray
from torch import nn
from tqdm import tqdm

from training.distributed import Team

SCHEDULES = ("one_cycle", "fine_tune", "flat", "poly")
WARM_UP = 0.05  # share of the epochs in which the rate of `poly` rises


@dataclass(frozen=True)
class Stage:
    """Some epochs with one schedule.

    Attributes:
        epochs: how many.
        lr: highest learning rate of the backbone's and of the other parameters.
        frozen: whether the backbone is frozen; its normalisation layers still learn.
        flat: whether the rate is constant; if not, it rises to `lr` and falls to almost zero (Smith 2018).
        power: with a power above 0, it rises in a straight line and then falls as that power of the time that is left.
        pct_start: share of the epochs in which the rate rises.
        div: the rate starts at `lr` / `div`.
    """

    epochs: int
    lr: tuple[float, float]
    frozen: bool = False
    flat: bool = False
    power: float = 0.0
    pct_start: float = 0.25
    div: float = 25.0

    def rate(self, share: float) -> NDArray[np.float64]:
        """(2,) learning rates of the backbone and of the rest, at a share of the stage, for a stage with a `power`.

        Chen et al., "DeepLab", TPAMI 2018: lr * (1 - share) ** power, here of what comes after the rise.
        """
        rising = 1 / self.div + (1 - 1 / self.div) * share / self.pct_start
        falling = max(0.0, (1 - share) / (1 - self.pct_start)) ** self.power
        return np.asarray(self.lr) * (rising if share < self.pct_start else falling)


def stages(fit: str, *, epochs: int, freeze_epochs: int, lr: float, backbone_lr_factor: float) -> list[Stage]:
    """The stages of a schedule; those of `fine_tune` are fastai's.

    Args:
        fit: one_cycle, fine_tune, flat or poly.
        epochs: number of epochs; for fine_tune, the number of epochs after the backbone is unfrozen.
        freeze_epochs: for fine_tune, the number of epochs with a frozen backbone, before the others.
        lr: highest learning rate.
        backbone_lr_factor: the backbone's learning rate as a share of `lr`; 0 takes the default of the schedule
            (fine_tune 0.01, else 1).

    Raises:
        ValueError: an unknown schedule.
    """
    if fit == "fine_tune":
        factor = backbone_lr_factor or 0.01
        free = Stage(epochs, (lr / 2 * factor, lr / 2), pct_start=0.3, div=5.0)
        return [Stage(freeze_epochs, (lr, lr), frozen=True, pct_start=0.99), free]
    rates = (lr * (backbone_lr_factor or 1.0), lr)
    if fit == "poly":
        return [Stage(epochs, rates, power=0.9, pct_start=WARM_UP)]
    if fit in SCHEDULES:
        return [Stage(epochs, rates, flat=fit == "flat")]
    raise ValueError(f"fit={fit!r} is unknown; choose from {', '.join(SCHEDULES)}")


def split_parameters(model: nn.Module) -> list[list[nn.Parameter]]:
    """Four groups: backbone with weight decay, backbone without, the rest with weight decay, the rest without.

    Matrices and kernels have weight decay. Parameters of one dimension (norms and biases) have none: decay would not
    reduce overfitting there (He et al. 2019, "Bag of tricks").
    """
    return [
        [parameter for parameter in group if (parameter.ndim > 1) == decays]
        for group in _parts(model)
        for decays in (True, False)
    ]


def _parts(model: nn.Module) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    pretrained = getattr(model, "backbone", None)
    backbone = list(pretrained.parameters()) if isinstance(pretrained, nn.Module) else []
    known = {id(parameter) for parameter in backbone}
    return backbone, [parameter for parameter in model.parameters() if id(parameter) not in known]


def in_groups(state: dict[str, Any], model: nn.Module) -> dict[str, Any]:
    """The state of an optimiser with the groups of `split_parameters`; earlier versions had two, with decay for all."""
    if len(state["param_groups"]) != 2:
        return state
    old = [id(parameter) for group in _parts(model) for parameter in group]
    groups = split_parameters(model)
    order = [old.index(id(parameter)) for group in groups for parameter in group]
    numbers, hypers = iter(range(len(order))), [group for group in state["param_groups"] for _ in range(2)]
    return {
        "state": {new: state["state"][number] for new, number in enumerate(order) if number in state["state"]},
        "param_groups": [
            {**hyper, "params": [next(numbers) for _ in group], "weight_decay": hyper["weight_decay"] * (1 - place % 2)}
            for place, (hyper, group) in enumerate(zip(hypers, groups, strict=True))
        ],
    }


def check_fit(model: nn.Module, fit: str, backbone_lr_factor: float) -> None:
    """Raise ValueError if the schedule treats the backbone separately, but the model has none, or nothing else."""
    if fit != "fine_tune" and not backbone_lr_factor:
        return
    setting = "fit='fine_tune'" if fit == "fine_tune" else f"backbone_lr_factor={backbone_lr_factor:g}"
    backbone, rest = _parts(model)
    if not backbone:
        raise ValueError(
            f"{setting} has no effect on {type(model).__name__}, which has no attribute `backbone` with parameters; "
            "give its pretrained part this name, or use fit=one_cycle and backbone_lr_factor=0"
        )
    if not rest:
        raise ValueError(
            f"{setting} leaves nothing to train in {type(model).__name__}: all its parameters are in `backbone`; "
            "use fit=one_cycle and backbone_lr_factor=0"
        )


class TimeBudget(Callback):
    """Ends a stage within its time budget: the schedule follows the clock once the clock is ahead of the steps.

    The budget covers the steps and all evaluations. Time is reserved for the last evaluation: as long as the longest
    evaluation so far, or as a rehearsal before the first step predicts. At most half of the stage is reserved, so that
    some steps are always made.

    While the clock is ahead, an epoch ends where an evaluation is due by its share of the training (`Validate`).

    Args:
        seconds: the budget of this stage.
        spent: seconds that an interrupted process has already spent on this stage.
        later: seconds of the stages after this one.
        team: the processes of the training, which all use the clock of the first one.
    """

    order, run_valid = 55, False  # before fastai's ParamScheduler reads pct_train

    def __init__(self, seconds: float, spent: float, later: float, team: Team):
        self.seconds, self.spent_before, self.later, self.team = seconds, spent, later, team
        self.cut = False  # whether the time was over before the epochs were
        self.evaluated = False  # whether no step has come since the last evaluation

    def before_fit(self) -> None:
        self.started, self.learn.out_of_time = time.perf_counter() - self.spent_before, False
        self.learn.spent, self.furthest = self.spent_before, 0.0
        self.learn.validate.rehearse_once()
        self.begun = time.perf_counter() - self.started - self.spent_before  # what the rehearsal has taken
        expected, minutes = self.learn.validate.seconds / 60, (self.seconds + self.later) / 60
        if expected > minutes / 2 and self.team.leads:
            tqdm.write(
                f"an evaluation takes about {expected:.1f} minutes on this machine, so the budget of {minutes:.1f} "
                "minutes will be exceeded; raise max_minutes or lower eval_factor"
            )

    def before_batch(self) -> None:
        share = self._look()
        late = share > self.learn.pct_train  # the clock is ahead of the steps
        self.furthest = min(1.0, max(self.furthest, self.learn.pct_train, share))
        self.learn.pct_train = self.furthest  # fastai sets it back at an epoch's start
        if self.learn.out_of_time:
            self.cut = True
            raise CancelFitException if self.evaluated else CancelTrainException
        if not self.learn.iter:
            self.learn.validate.mark()  # the evaluation before this epoch may have taken the time to the next mark
        elif late and self.learn.validate.at_mark:
            raise CancelTrainException
        self.evaluated = False

    def after_epoch(self) -> None:
        self.evaluated = any(key.startswith("val/") for key in self.learn.epoch_metrics)
        if self.evaluated and not self.cut:  # else the next epoch ends at once, and is evaluated
            self._look()

    def before_epoch(self) -> None:
        if self.learn.out_of_time:  # the epoch before was evaluated and saved
            self.cut = True
            raise CancelFitException

    @property
    def left(self) -> float:
        """Seconds to the end of the whole budget."""
        return max(0.0, self.seconds - (time.perf_counter() - self.started)) + self.later

    def _look(self) -> float:
        """Reads the clock and returns the spent share of the time for steps."""
        self.learn.spent, share = self.team.once(self._clock)
        self.learn.out_of_time = share >= 1
        return float(share)

    def _clock(self) -> tuple[float, float]:
        spent, time_for_all = time.perf_counter() - self.started, self.seconds - self.begun
        time_for_steps = max(time_for_all - self.learn.validate.seconds, time_for_all / 2)
        return spent, (spent - self.begun) / time_for_steps if time_for_steps > 0 else 1.0


def stage_budget(
    learn: Learner, seconds: float, epochs: Sequence[int], number: int, resume: dict[str, Any] | None
) -> TimeBudget | None:
    """The budget that is left for a stage, by its share of the epochs; None without a budget.

    Args:
        learn: its `watch` knows the time that the stages before have taken.
        seconds: the budget of all stages; 0 is no budget.
        epochs: number of epochs of each stage.
        number: number of the stage, from 0.
        resume: a checkpoint that was written within this stage.
    """
    if not seconds:
        return None
    spent = resume["spent"] if resume else 0.0
    before = 60 * (resume.get("minutes", 0.0) if resume else learn.watch.minutes) - spent
    end = seconds * sum(epochs[: number + 1]) / sum(epochs)
    team = learn.checkpoint.team
    return TimeBudget(team.once(lambda: end - before), spent, seconds - end, team)
