"""Everything that speaks to W&B: the run, dataset and model artifacts, the edge-case tables, and the fastai callback,
which `artifacts.callback` has: fastai takes seconds to import.

One training uses them in this order, online and offline alike:

    run = start_run(config, project="camvid", folder=Path("runs/a1b2"))
    with tracked(run):                                  # a crash ends the run as failed, with the reason
        track_dataset(run, dataset, "camvid", digest=content_digest(dataset), log_data="auto")
        learn.add_cb(WandbCallback(run))                # one row of metrics an epoch
        log_evaluation(run, evaluation, samples, taxonomy)
        log_model(run, folder, "camvid-unet", metrics=…)
    print(sync_hint(run))

W&B is used offline unless a key or WANDB_MODE or WANDB_BASE_URL is set. Offline, artifacts are recorded with the run
and reach a server with `wandb sync`; using or fetching one needs a server.
"""

import sys

from flags import require_own

require_own("camvid", "eval", "files", program=sys.argv[0] == "-m")  # before they are imported
from files.interrupts import end_at_once

if sys.argv[0] == "-m":
    end_at_once()  # the imports take seconds

from artifacts.dataset import data_version, log_dataset, track_dataset, use_dataset
from artifacts.download import fetch_model
from artifacts.errors import ArtifactError
from artifacts.media import log_preview
from artifacts.model import log_model
from artifacts.publish import artifact_name, names_in
from artifacts.run import new_run_id, start_run, sync_hint, tracked
from artifacts.tables import log_evaluation
from artifacts.trial import end_failed_trial, faults_of_all

__all__ = [
    "ArtifactError",
    "artifact_name",
    "data_version",
    "end_failed_trial",
    "faults_of_all",
    "fetch_model",
    "log_dataset",
    "log_evaluation",
    "log_model",
    "log_preview",
    "names_in",
    "new_run_id",
    "start_run",
    "sync_hint",
    "track_dataset",
    "tracked",
    "use_dataset",
]
