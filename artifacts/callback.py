"""Logs a fastai training to W&B, one row an epoch."""

from __future__ import annotations

import math
import warnings

import wandb

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what fastai uses of torch at import is called old there
    from fastai.callback.core import Callback

BEST_METRICS = ("val/miou", "val/priority_dice", "val/foreground_acc", "val/pixel_acc")  # those of `monitor`


class WandbCallback(Callback):  # type: ignore[misc]
    """After each epoch, logs `learn.epoch_metrics` to the run; errors are raised, not printed.

    The metrics come complete and under their final names (train/loss, val/miou, lr, …) with `epoch`, counted from 1
    over all stages of the training; those that are NaN (a class absent from both sides) are left out. The summary keeps
    the best of `BEST_METRICS` so far, not the last, so that sweeps optimise the model that is kept. (W&B's own
    summary="max" makes a dict {"max": …} of them, which sweeps do not find under the metric's name.)
    """

    order, run_valid = 92, False  # after what fills epoch_metrics, before the checkpoint, which may end the fit

    def __init__(self, run: wandb.Run):
        self.tracker = run  # fastai keeps a flag of its own under `run`
        known = {key: run.summary.get(key) for key in BEST_METRICS}  # type: ignore[no-untyped-call]
        self.best = {key: value for key, value in known.items() if isinstance(value, float)}  # of a resumed run

    def after_epoch(self) -> None:
        """Log the epoch; one that a resumed fit skips has no metrics and no row."""
        metrics = {key: value for key, value in self.learn.epoch_metrics.items() if not math.isnan(value)}
        if not metrics.keys() - {"epoch"}:
            return
        self.tracker.log(metrics)
        for key in metrics.keys() & set(BEST_METRICS):
            self.best[key] = max(metrics[key], self.best.get(key, -math.inf))
        self.tracker.summary.update(self.best)  # the client has just put the last values there
