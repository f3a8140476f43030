"""The fastai Learner: precision, schedules, averaged weights, checkpoints that survive a kill, and exact resuming.

The table lists the callbacks in the order in which an event calls them. `reads` and `sets` name the attributes of the
learner through which they depend on each other. Three callbacks are fastai's, and one is W&B's in `artifacts/`.
Between before_batch and after_loss, a captured step does all at once; see `training.captured`.

    order  callback           reads                                    sets
      -10  TrainEvalCallback  -                                        -
       -5  Prepare            model                                    xb yb
        0  Autocast           model                                    -
        6  Accumulate         -                                        loss_grad
       11  Parallel           -                                        model
       11  GradientClip       -                                        -
       15  SetEpoch           pct_train                                epoch_metrics
       20  Watch              set_epoch time_budget xb                 epoch_metrics
       21  Parts              -                                        epoch_metrics
       30  Validate           average out_of_time set_epoch            epoch_metrics
       55  TimeBudget         epoch_metrics validate                   out_of_time pct_train spent
       60  ParamScheduler     pct_train                                -
       65  Average            set_epoch                                -
       90  EpochLine          epoch_metrics                            -
       95  Checkpoint         average epoch_metrics model spent watch  -
       97  WandbCallback      epoch_metrics                            -
       99  Beside             -                                        -
"""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what fastai uses of torch and pandas at import is called old there
    import fastai.callback.schedule  # noqa: F401

from training.checkpoint import load_best, load_checkpoint, resume_from
from training.distributed import join_team
from training.ended import drop_state
from training.learner import build_learner, fit
from training.schedule import check_fit

__all__ = [
    "build_learner",
    "check_fit",
    "drop_state",
    "fit",
    "join_team",
    "load_best",
    "load_checkpoint",
    "resume_from",
]
