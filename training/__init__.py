"""The fastai Learner: precision, schedules, averaged weights, checkpoints that survive a kill, and exact resuming."""

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
