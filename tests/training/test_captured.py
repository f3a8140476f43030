"""A recorded step trains as an ordinary one. A CPU has no graphs: here the step is run anew, as a graph repeats it."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from tests.training.conftest import Small
from tests.training.test_ahead import DEVICES
from tests.training.test_checkpoint import Stop, StopAt
from tests.training.test_parts import learner as learner_of_two_tasks
from training import fit, resume_from
from training.captured import WARM_UP, choose_recorder
from training.distributed import Team
from training.static_step import StaticStep, capture, rerun
from training.watch import TrainingDiverged

PLAN: dict[str, Any] = {"fit": "one_cycle", "epochs": 4, "freeze_epochs": 2, "lr": 0.01, "backbone_lr_factor": 0.0}
RECORDERS = {"cpu": rerun, "cuda": capture}
STEPS = 5  # in an epoch of `make_learner`


class Tape:
    """Runs a step anew, but leaves its results in the tensors of the first run, as a graph does.

    Attributes:
        steps: what was recorded.
        runs: how often it was repeated.
    """

    def __init__(self) -> None:
        self.steps: list[StaticStep] = []
        self.runs = 0

    def __call__(self, compute: Callable[[], None]) -> Callable[[], None]:
        step: StaticStep = compute.__self__  # type: ignore[attr-defined]
        self.steps.append(step)
        self.first: list[torch.Tensor] | None = None

        def repeat() -> None:
            rerun(compute)()
            self.runs += 1
            results = [step.loss, *step.parts.values(), *(one for one in step.gradients if one is not None)]
            if self.first is None:
                self.first, self.parts, self.gradients = results, step.parts, step.gradients
            for static, result in zip(self.first, results, strict=True):
                static.copy_(result)
            step.loss, step.parts, step.gradients = self.first[0], self.parts, self.gradients

        return repeat


def assert_same_training(one: Any, other: Any) -> None:
    """The same weights, statistics, averages, losses and parts of losses to the last bit."""
    for name in ("model", "average"):
        states = [getattr(getattr(learn, name, None), "module", learn.model).state_dict() for learn in (one, other)]
        assert all(torch.equal(value, states[1][key]) for key, value in states[0].items())
    rows = [
        [
            {key: value for key, value in row.items() if key.startswith(("train/", "lr"))}
            for row in learn.checkpoint.history
        ]
        for learn in (one, other)
    ]
    assert rows[0] == rows[1]


@pytest.mark.parametrize("recorder", [rerun, Tape()], ids=["rerun", "static"])
@pytest.mark.parametrize("schedule", ["one_cycle", "fine_tune", "flat"])
@pytest.mark.parametrize(
    "changes",
    [{}, {"grad_clip": 0.05, "ema": 0.9, "precision": "bf16"}, {"channels_last": False}],
    ids=["plain", "clip, average, bf16", "contiguous"],
)
def test_a_recorded_step_trains_as_an_ordinary_one(make_learner, tmp_path, changes, schedule, recorder):
    plain, recorded = (make_learner(tmp_path / name, **changes) for name in ("plain", "recorded"))
    recorded.step_recorder = recorder
    for learn in (plain, recorded):
        torch.manual_seed(5)  # dropout
        fit(learn, **PLAN | {"fit": schedule, "backbone_lr_factor": 0.5})
    assert_same_training(plain, recorded)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("changes", [{}, {"grad_clip": 0.05, "ema": 0.9, "precision": "bf16"}])
def test_every_device_trains_with_its_recorder_as_without(make_learner, tmp_path, device, changes):
    plain, recorded = (make_learner(tmp_path / name, device=device, **changes) for name in ("plain", "recorded"))
    plain.step_recorder, recorded.step_recorder = None, RECORDERS[device]
    for learn in (plain, recorded):
        torch.manual_seed(5)
        fit(learn, **PLAN)
    assert recorded.step_recorder is RECORDERS[device]  # it was not given up
    for one, other in zip(plain.checkpoint.history, recorded.checkpoint.history, strict=True):
        assert one["train/loss"] == pytest.approx(other["train/loss"], rel=1e-2)


def test_every_stage_is_recorded_anew_after_ordinary_steps(make_learner):
    learn, tape = make_learner(), Tape()
    learn.step_recorder = tape
    fit(learn, **PLAN | {"fit": "fine_tune", "backbone_lr_factor": 0.5})
    frozen, free = ([gradient is None for gradient in step.gradients] for step in tape.steps)
    assert any(frozen)
    assert not any(free)
    assert tape.runs == 2 * (1 - WARM_UP) + STEPS * (2 + 4)  # each is tried once, beside the training
    assert learn.recorded is None


def test_the_parts_of_a_loss_stay_readable(make_learner, tmp_path):
    plain, recorded = (learner_of_two_tasks(make_learner, folder=tmp_path / name) for name in ("plain", "recorded"))
    recorded.step_recorder = Tape()
    for learn in (plain, recorded):
        fit(learn, **PLAN)
    assert_same_training(plain, recorded)
    assert "train/loss/depth" in recorded.checkpoint.history[-1]


def test_a_recorded_training_is_resumed_exactly(make_learner, tmp_path):
    learners = []
    for name, callbacks in (("whole", []), ("cut", [StopAt(2)]), ("cut", [])):
        learn = make_learner(tmp_path / name, callbacks=callbacks, ema=0.9)
        learn.step_recorder = rerun
        learners.append(learn)
    whole, cut, resumed = learners
    torch.manual_seed(5)
    fit(whole, **PLAN)
    torch.manual_seed(5)
    with pytest.raises(Stop):
        fit(cut, **PLAN)
    torch.manual_seed(99)
    fit(resumed, **PLAN, resume=resume_from(tmp_path / "cut"))
    assert_same_training(whole, resumed)


class Stuck(Small):
    """Raises at the end of a forward pass, as what waits for a GPU does when a step is tried."""

    def __init__(self) -> None:
        super().__init__()
        self.passes = 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logits = super().forward(x)
        self.passes += 1
        if self.passes == WARM_UP + 1:
            raise RuntimeError("called a synchronizing CUDA operation")
        return logits


def test_a_step_that_fails_when_it_is_tried_leaves_no_trace(make_learner, tmp_path, capsys):
    learners = [make_learner(tmp_path / model.__name__, model=model()) for model in (Small, Stuck)]
    learners[1].step_recorder = rerun
    first = {key: value.clone() for key, value in learners[0].model.state_dict().items()}
    for learn in learners:
        learn.model.load_state_dict(first)
        torch.manual_seed(5)
        fit(learn, **PLAN)
    assert_same_training(*learners)
    assert "graph: called a synchronizing CUDA operation" in capsys.readouterr().err


def refuse(compute: Callable[[], None]) -> Callable[[], None]:
    raise RuntimeError("operation not permitted when stream is capturing\nmore lines")


def spoil(compute: Callable[[], None]) -> Callable[[], None]:
    def run() -> None:
        compute()
        step: StaticStep = compute.__self__  # type: ignore[attr-defined]
        step.gradients = [None if gradient is None else 2 * gradient for gradient in step.gradients]

    return run


@pytest.mark.parametrize(
    ("recorder", "why"),
    [(refuse, "operation not permitted when stream is capturing\n"), (spoil, "loss and norm of the gradient are (")],
)
def test_what_cannot_be_recorded_goes_on_without_and_one_line_says_why(make_learner, tmp_path, capsys, recorder, why):
    plain, recorded = (make_learner(tmp_path / name, ema=0.9) for name in ("plain", "recorded"))
    recorded.step_recorder = recorder
    for learn in (plain, recorded):
        torch.manual_seed(5)
        fit(learn, **PLAN | {"fit": "fine_tune", "backbone_lr_factor": 0.5})
    assert_same_training(plain, recorded)
    _, *lines = capsys.readouterr().err.split("cuda_graph: ")
    (line,) = lines  # once, and not for each stage
    assert line.startswith(f"the training step is not captured, and runs without a graph: {why}")


def test_a_loss_that_is_not_finite_is_noticed(make_learner):
    learn = make_learner()
    learn.step_recorder = rerun
    inner = learn.loss_func
    learn.loss_func = lambda logits, target: inner(logits, target) * torch.nan
    with pytest.raises(TrainingDiverged, match="the loss is no longer finite"):
        fit(learn, **PLAN)
    assert learn.step_recorder is rerun  # NaN is not what a capture has made


def test_only_batches_of_the_recorded_shape_and_type_are_taken():
    model, images, masks = Small(), torch.rand(2, 3, 8, 8), torch.zeros(2, 8, 8, dtype=torch.long)
    step = StaticStep(model, nn.CrossEntropyLoss(), (images,), (masks,))
    assert step.takes((images, masks))
    assert not step.takes((images[:1], masks[:1]))
    assert not step.takes((images.half(), masks))
    assert not step.takes((images, masks, images))


def test_a_step_that_is_tried_changes_nothing():
    model, images, masks = Small(), torch.rand(2, 3, 8, 8), torch.zeros(2, 8, 8, dtype=torch.long)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    random = torch.get_rng_state()
    StaticStep(model, nn.CrossEntropyLoss(), (images,), (masks,)).record(rerun)
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    assert torch.equal(random, torch.get_rng_state())
    assert all(parameter.grad is None for parameter in model.parameters())


@pytest.mark.parametrize(
    ("accumulate", "team", "why"),
    [(4, Team(), "accumulate=4"), (1, Team(0, 2), "2 processes train together"), (1, Team(1, 2), ""), (1, Team(), "")],
)
def test_what_is_never_captured_is_said_on_a_gpu_alone(capsys, accumulate, team, why):
    assert choose_recorder("cpu", True, accumulate, team) is None
    assert choose_recorder("cuda", False, accumulate, team) is None
    assert capsys.readouterr().err == ""
    assert choose_recorder("cuda", True, accumulate, team) is (capture if accumulate == team.count == 1 else None)
    assert capsys.readouterr().err == (
        f"cuda_graph: the training step is not captured, and runs without a graph: {why}\n" if why else ""
    )
