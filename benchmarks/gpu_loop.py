"""Images per second of the training loop on real data, epoch by epoch. A part of `benchmarks.gpu`.

    python -m benchmarks.gpu_loop SETTINGS

SETTINGS is a YAML file of all settings of a training, which is built as train.py builds it: its batches, network, loss,
learner and schedule. Only the evaluation is left out. It prints a line of JSON for each epoch, and deletes its
checkpoints.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import torch
from fastai.callback.core import Callback
from fastai.learner import Learner
from tqdm import tqdm

from camvid.frames import training_frames
from camvid.loaders import train_loader
from camvid.weights import class_weights
from commands.arguments import LEARNER, LOADER, SCHEDULE
from commands.device import resolve_device, resolve_precision
from commands.tasks import NETWORK, training_loss
from commands.training_data import as_trained, depth_data, open_training
from configs import TrainConfig
from configs.load import read_yaml
from files.pictures import scaled_size
from models import build_model
from training import build_learner, fit
from training.machine import seed_everything


def learner(config: TrainConfig, folder: Path) -> Learner:
    """The learner of a training; its checkpoints go to `folder`."""
    device = resolve_device(config.device)
    dataset = as_trained(open_training(config, Path(config.data)), config)
    size = scaled_size(dataset.frame_size("train"), config.resize_factor)
    kept = {"limit": int(config.cache_gb * 2**30), **config.pick("augment", "crop_min")}
    kept |= {"depth": "depth" in config.tasks, "depth_data": depth_data(config, dataset)}
    frames = training_frames(dataset, "train", size, **kept)
    weights = class_weights(config.class_weights, frames.counts)
    return build_learner(
        build_model(num_classes=dataset.taxonomy.num_classes, focal=frames.focal, **config.pick(*NETWORK)),
        train_loader(frames, size=size, device=device, **config.pick(*LOADER)),
        training_loss(config, None if weights is None else torch.from_numpy(weights)),
        lambda network: {config.monitor: 0.0},
        folder=folder,
        device=device,
        precision=resolve_precision(config.precision, device),
        callbacks=[EachEpoch()],
        **config.pick(*LEARNER),
    )


class EachEpoch(Callback):
    """Prints the images per second of an epoch as JSON."""

    order = 91  # after the line for people

    def after_epoch(self) -> None:
        """The epoch has ended, unless no time was left for it."""
        if "throughput" in self.learn.epoch_metrics:
            tqdm.write(json.dumps({"epoch": self.learn.epoch_metrics["throughput"]}))  # on a line of its own


def main() -> None:
    """Run the loop."""
    config = TrainConfig.from_dict(read_yaml(Path(sys.argv[1])))
    seed_everything(config.seed)
    try:
        fit(learner(config, Path(config.out)), **config.pick(*SCHEDULE))
    finally:
        shutil.rmtree(config.out, ignore_errors=True)


if __name__ == "__main__":
    main()
