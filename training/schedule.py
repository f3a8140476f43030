"""The stages of a fit, how its learning rate runs, and how it ends in a given time."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastai.callback.core import Callback, CancelFitException, CancelTrainException
from fastai.learner import Learner
from torch import nn
from tqdm import tqdm

from training.distributed import Team

SCHEDULES = ("one_cycle", "fine_tune", "flat")


@dataclass(frozen=True)
class Stage:
    """Some epochs with one schedule.

    Attributes:
        epochs: how many.
        lr: highest learning rate of the backbone's and of the other parameters.
        frozen: whether the backbone stands still (its normalisation layers learn all the same).
        flat: whether the rate stays; else it rises to `lr` and falls to almost zero (Smith 2018).
        pct_start: share of the epochs in which it rises.
        div: how far below `lr` it starts.
    """

    epochs: int
    lr: tuple[float, float]
    frozen: bool = False
    flat: bool = False
    pct_start: float = 0.25
    div: float = 25.0


def stages(fit: str, *, epochs: int, freeze_epochs: int, lr: float, backbone_lr_factor: float) -> list[Stage]:
    """The stages of a schedule; those of `fine_tune` are fastai's.

    Args:
        fit: one_cycle, fine_tune or flat.
        epochs: epochs, of fine_tune those after the backbone was set free.
        freeze_epochs: epochs of fine_tune before that.
        lr: highest learning rate.
        backbone_lr_factor: share of it for the backbone; 0 takes the schedule's own (fine_tune 0.01, else 1).

    Raises:
        ValueError: an unknown schedule.
    """
    if fit == "fine_tune":
        factor = backbone_lr_factor or 0.01
        free = Stage(epochs, (lr / 2 * factor, lr / 2), pct_start=0.3, div=5.0)
        return [Stage(freeze_epochs, (lr, lr), frozen=True, pct_start=0.99), free]
    if fit in SCHEDULES:
        return [Stage(epochs, (lr * (backbone_lr_factor or 1.0), lr), flat=fit == "flat")]
    raise ValueError(f"fit={fit!r}: allowed are {', '.join(SCHEDULES)}")


def split_parameters(model: nn.Module) -> list[list[nn.Parameter]]:
    """Four groups: of the pretrained backbone and of the rest, each those with weight decay and those without.

    Weight decay is for matrices and kernels. Parameters of one dimension (norms and biases) go without: pulled to
    zero, they would change what a layer computes and prevent no overfitting (He et al. 2019, "Bag of tricks").
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
    """ValueError where a schedule treats the backbone apart and the model has none, or nothing beside it."""
    if fit != "fine_tune" and not backbone_lr_factor:
        return
    setting = "fit='fine_tune'" if fit == "fine_tune" else f"backbone_lr_factor={backbone_lr_factor:g}"
    backbone, rest = _parts(model)
    if not backbone:
        raise ValueError(
            f"{setting} does nothing for {type(model).__name__}, which has no attribute `backbone` with parameters: "
            "name its pretrained part so, or take fit=one_cycle and backbone_lr_factor=0"
        )
    if not rest:
        raise ValueError(
            f"{setting} leaves nothing to train in {type(model).__name__}, all of whose parameters are its `backbone`: "
            "take fit=one_cycle and backbone_lr_factor=0"
        )


class TimeBudget(Callback):
    """Ends a stage in its time: the schedule runs by the clock as soon as the clock is ahead of the steps.

    The time counts the steps and all evaluations. What the last evaluation will take is kept for it: as much as the
    longest so far, or as a rehearsal before the first step foretells, but never more than half of the stage, so that
    there is something to evaluate.

    Args:
        seconds: of this stage.
        spent: seconds that an interrupted process spent on it already.
        later: seconds of the stages after this one.
        team: the processes of the training, which go by the first one's clock.
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
                f"an evaluation takes about {expected:.1f} minutes here, too much for a budget of {minutes:.1f}, which "
                "will be exceeded: raise max_minutes, or lower eval_factor"
            )

    def before_batch(self) -> None:
        self.furthest = min(1.0, max(self.furthest, self.learn.pct_train, self._look()))
        self.learn.pct_train = self.furthest  # fastai sets it back at an epoch's start
        if self.learn.out_of_time:
            self.cut = True
            raise CancelFitException if self.evaluated else CancelTrainException
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
        """Asks the clock; the share of the time for steps that is spent."""
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
    """What is left of a budget for a stage, if it is to end with its share; None without a budget.

    Args:
        learn: its `watch` knows what the stages before have taken.
        seconds: of all stages; 0 is no budget.
        epochs: of each stage.
        number: of the stage, from 0.
        resume: a checkpoint from the midst of this stage.
    """
    if not seconds:
        return None
    spent = resume["spent"] if resume else 0.0
    before = 60 * (resume.get("minutes", 0.0) if resume else learn.watch.minutes) - spent
    end = seconds * sum(epochs[: number + 1]) / sum(epochs)
    team = learn.checkpoint.team
    return TimeBudget(team.once(lambda: end - before), spent, seconds - end, team)
