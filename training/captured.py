"""The training step as one CUDA graph: forward pass, loss and gradients are captured once and then replayed.

A small network at a usual batch size takes more time to start its kernels one by one than to compute them. A graph
starts all of them at once. It reads and writes the same memory each time. So each batch is copied into the tensors that
were captured, and the gradients are given to the parameters, whose `grad` the optimiser has cleared. Clipping, the
optimiser, the schedule and the average of the weights run as without a graph.
"""

from __future__ import annotations

import sys
from typing import Any

from fastai.learner import Learner
from tqdm import tqdm

from training.distributed import Team
from training.static_step import Recorder, StaticStep, capture

WARM_UP = 3  # ordinary steps first: libraries choose their kernels and allocate their memory


def choose_recorder(device: str, cuda_graph: bool, accumulate: int, team: Team) -> Recorder | None:
    """What captures the steps of a training; None if they are not captured. On a GPU one line says why.

    Args:
        device: cpu or cuda.
        cuda_graph: whether steps should be captured.
        accumulate: number of batches whose gradients make one step.
        team: the processes that train together.
    """
    if device == "cpu" or not cuda_graph:
        return None
    if accumulate == team.count == 1:
        return capture
    if team.leads:
        _tell(f"accumulate={accumulate}" if accumulate > 1 else f"{team.count} processes train together")
    return None


class CapturedLearner(Learner):
    """A Learner that records its training step after a few batches of each fit, and then replays it.

    The event `after_pred` does not come for a batch that is replayed. If a step cannot be recorded, the training goes
    on without it, and one line says why. A batch of another shape is an ordinary step.

    Args:
        step_recorder: what records a step; None never does. (`recorder` is fastai's word for its log.)
    """

    loss: Any
    loss_grad: Any

    def __init__(self, *args: Any, step_recorder: Recorder | None = None, **settings: Any):
        self.step_recorder = step_recorder
        self.recorded: StaticStep | None = None
        self.replayed: StaticStep | None = None  # what this batch goes through; None in an ordinary step
        super().__init__(*args, **settings)

    def _do_fit(self) -> None:
        self.warm_up = WARM_UP
        try:
            super()._do_fit()
        finally:
            self.recorded = self.replayed = None  # the next stage trains other parameters

    def _do_one_batch(self) -> None:
        batch = (*self.xb, *self.yb)
        if self.training and self.step_recorder and not self.recorded:
            self._record(self.step_recorder)
        self.replayed = self.recorded if self.training and self.recorded and self.recorded.takes(batch) else None
        if not self.replayed:
            super()._do_one_batch()
            return
        self.pred = None
        self.loss = self.loss_grad = self.replayed.run(batch)
        self("after_loss")
        self._do_grad_opt()

    def _backward(self) -> None:
        if self.replayed:
            self.replayed.give(self.replayed.gradients)
        else:
            super()._backward()

    def _record(self, recorder: Recorder) -> None:
        """Records the step, unless it is one of the first."""
        if self.warm_up:
            self.warm_up -= 1
            return
        self.pred = self.loss = self.loss_grad = None  # what they refer to would be captured too
        step = StaticStep(self.model, self.loss_func, self.xb, self.yb)
        try:
            step.record(recorder)
            self.recorded = step
        except RuntimeError as error:
            self.step_recorder = None
            step.give([None] * len(step.parameters))
            _tell(str(error).splitlines()[0])


def _tell(why: str) -> None:
    tqdm.write(f"cuda_graph: the training step is not captured, and runs without a graph: {why}", file=sys.stderr)
