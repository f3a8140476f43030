"""One training on several processes, each with a GPU and a share of every batch: `accelerate launch train.py …`

A setting means the same as with one process. `batch_size` counts the frames of all processes together, so the learning
rate, the schedule and the frames of each step stay the same. A loss that is not a plain mean over pixels (dice, or
cross-entropy with unevenly spread void) becomes the mean of the processes' losses. Only the first process evaluates,
writes files and is tracked.

fastai's own `DistributedTrainer` wraps fastai's loaders, which support neither our order of frames nor a CPU.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import torch
from fastai.callback.core import Callback
from timm.layers import convert_sync_batchnorm
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

T = TypeVar("T")
TIMEOUT = timedelta(hours=2)  # the others wait while the first one evaluates; if one dies, all end at once


@dataclass(frozen=True)
class Team:
    """The processes of a training, as one of them sees them.

    Attributes:
        rank: number of this process; 0 is the first.
        count: how many there are.
    """

    rank: int = 0
    count: int = 1

    @property
    def leads(self) -> bool:
        """Whether this is the first process."""
        return self.rank == 0

    def once(self, make: Callable[[], T]) -> T:
        """Calls `make` in the first process only, and returns its result in all processes.

        Raises:
            ValueError: in the other processes, if `make` raised; the first process raises the original error.
        """
        if self.count == 1:
            return make()
        sent: list[T | str | bool | None] = [True, None]
        if self.leads:
            try:
                sent = [True, make()]
            except Exception as error:
                distributed.broadcast_object_list([False, str(error)], src=0)
                raise
        distributed.broadcast_object_list(sent, src=0)
        made, value = sent
        if not made:
            raise ValueError(f"the first process failed: {value}")
        return value  # type: ignore[return-value]

    def gather(self, value: T) -> list[T]:
        """The values of all processes, in their order."""
        if self.count == 1:
            return [value]
        values: list[T | None] = [None] * self.count
        distributed.all_gather_object(values, value)
        return values  # type: ignore[return-value]

    def mean(self, values: Tensor) -> Tensor:
        """The mean over the processes of a float tensor of the same shape in each; a NaN in one makes the mean NaN."""
        if self.count > 1:
            values = values / self.count
            distributed.all_reduce(values)
        return values


ALONE = Team()


def join_team(device: str) -> Team:
    """The team of the processes that a launcher (accelerate, torchrun) has started; without one, a team of one.

    Args:
        device: cpu or cuda; on cuda each process uses the GPU with its local rank.

    Raises:
        ValueError: more processes than GPUs.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return ALONE
    if device == "cuda":
        number, there = int(os.environ["LOCAL_RANK"]), torch.cuda.device_count()
        if number >= there:
            raise ValueError(
                f"process {number + 1} has no GPU of its own, because this machine has {there}; lower --num_processes"
            )
        torch.cuda.set_device(number)
    if not distributed.is_initialized():  # values go by gloo, which does not wait for the GPU; gradients by nccl
        distributed.init_process_group("cpu:gloo,cuda:nccl" if device == "cuda" else "gloo", timeout=TIMEOUT)
        atexit.register(distributed.destroy_process_group)
    return Team(distributed.get_rank(), distributed.get_world_size())


class Parallel(Callback):
    """Averages the gradients of the processes: in training `learn.model` is a DistributedDataParallel of the model.

    Batch normalisation takes its statistics over all processes (SyncBatchNorm), because a process's share of a batch
    of large frames is small. torch supports that only on GPUs; on the CPU each process normalises by its own share.
    """

    order, run_valid = 11, False  # fastai's for the same; after the memory format is set

    def before_fit(self) -> None:
        model: nn.Module = self.learn.model
        on_gpu = next(model.parameters()).is_cuda
        if on_gpu and not any(isinstance(module, nn.SyncBatchNorm) for module in model.modules()):
            self.learn.model = model = convert_sync_batchnorm(model)
        self.shared = DistributedDataParallel(model, device_ids=[torch.cuda.current_device()] if on_gpu else None)

    def before_train(self) -> None:
        self.learn.model = self.shared

    def after_train(self) -> None:
        self.learn.model = self.shared.module
