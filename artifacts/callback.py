"""Logs a fastai training to W&B, one row an epoch."""

from __future__ import annotations

import math

import wandb
from fastai.callback.core import Callback

from artifacts.run import BEST_METRICS


class WandbCallback(Callback):  # type: ignore[misc]
    """After each epoch, logs `learn.epoch_metrics` to the run; errors are raised, not printed.

    The metrics come complete and under their final names (train/loss, val/miou, lr, …) with `epoch`, counted from 1
    over all stages of the training; those that are NaN (a class absent from both sides) are left out. The summary keeps
    the best `val/miou` and `val/priority_dice` so far as plain numbers, so that sweeps optimise the model that is kept.
    """

    order, run_valid = 92, False  # after what fills epoch_metrics, before the checkpoint, which may end the fit

    def __init__(self, run: wandb.Run):
        self.tracker = run  # fastai keeps a flag of its own under `run`

    def after_epoch(self) -> None:
        """Log the epoch; one that a resumed fit skips has no metrics and no row."""
        metrics = {key: value for key, value in self.learn.epoch_metrics.items() if not math.isnan(value)}
        if not metrics.keys() - {"epoch"}:
            return
        self.tracker.log(metrics)
        for key in BEST_METRICS:
            best = self.tracker.summary.get(key, -math.inf)  # type: ignore[no-untyped-call]
            if metrics.get(key, -math.inf) > best:
                self.tracker.summary[key] = metrics[key]
