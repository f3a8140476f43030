"""Logs a fastai training to W&B, one row per epoch."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Mapping

import wandb

from artifacts.errors import CLIENT_ERRORS
from files.headlines import MONITORED, better, worst

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what fastai uses of torch at import is called old there
    from fastai.callback.core import Callback

BEST_METRICS = tuple(f"val/{name}" for name in MONITORED)


class WandbCallback(Callback):  # type: ignore[misc]
    """After each epoch, logs `learn.epoch_metrics` to the run; errors are raised, not printed.

    The metrics have their final names (train/loss, val/miou, lr, …). `epoch` is counted from 1 over all stages of the
    training. A metric that is NaN (a class absent from truth and prediction) is left out. The summary keeps the best
    value of `BEST_METRICS` so far, not the last, so that sweeps optimise the model that is kept. (W&B's own
    summary="max" stores a dict {"max": …}, which sweeps do not find under the metric's name.)

    An epoch is logged after its checkpoint, if it has one. A kill may lose the last rows that were logged; after a
    resume they are logged from the checkpoint. An epoch that a resumed training makes again is not logged again.

    Args:
        run: under way.
        history: the metrics of the earlier epochs, from the checkpoint that the training resumes from.
    """

    order, run_valid = 97, False  # after the checkpoint

    def __init__(self, run: wandb.Run, history: Iterable[Mapping[str, float]] = ()):
        self.tracker = run  # fastai keeps a flag of its own under `run`
        self.logged = _logged_epochs(run)
        known = {key: run.summary.get(key) for key in BEST_METRICS}  # type: ignore[no-untyped-call]
        self.best = {key: value for key, value in known.items() if isinstance(value, float)}  # of a resumed run
        for metrics in history:
            self._log(metrics)

    def after_epoch(self) -> None:
        """Log the epoch; one that a resumed fit skips has no metrics and no row."""
        self._log(self.learn.epoch_metrics)

    def after_cancel_fit(self) -> None:
        """Log the epoch at the end of which the checkpoint has ended the fit, before `after_epoch` came here."""
        self._log(self.learn.epoch_metrics)

    def _log(self, epoch_metrics: Mapping[str, float]) -> None:
        metrics = {key: value for key, value in epoch_metrics.items() if not math.isnan(value)}
        if not metrics.keys() - {"epoch"}:
            return
        if metrics["epoch"] not in self.logged:
            self.tracker.log(metrics)
            self.logged.add(metrics["epoch"])
        for key in metrics.keys() & set(BEST_METRICS):
            if better(key, metrics[key], self.best.get(key, worst(key))):
                self.best[key] = metrics[key]
        self.tracker.summary.update(self.best)  # the client has just put the last values there


def _logged_epochs(run: wandb.Run) -> set[float]:
    """The epochs that the server has of a run that is resumed.

    Raises:
        ConnectionError: the server does not answer.
    """
    if not run.resumed:
        return set()
    try:
        rows = wandb.Api().run(run.path).scan_history(keys=["epoch"], use_cache=False)
        return {row["epoch"] for row in rows}
    except CLIENT_ERRORS as error:
        raise ConnectionError(
            f"W&B: the epochs of run {run.id} cannot be read from the server ({error}); try to resume it again"
        ) from error
