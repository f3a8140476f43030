"""The data of a training: opened, checked for what its tasks need, and tracked."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # what takes seconds to import is imported by the function that needs it
    import wandb

    from camvid.layouts import RoadDataset
    from configs import TrainConfig

DATA_VERSION, DEPTH_VERSION = "data_version", "depth_data_version"  # in the run's config


def training_data(
    run: wandb.Run, config: TrainConfig, later: Callable[[Callable[[], object]], None]
) -> tuple[RoadDataset, RoadDataset | None]:
    """The data set of a training, and the second one that gives depth, if one is named.

    Both are opened and tracked: a folder as `log_data` says; an artifact is fetched and recorded as an input. What is
    tracked has the splits of the folder, also if `train_on` joins two of them. `later` takes the jobs that make and
    send the artifacts of folders.
    """
    from artifacts import artifact_name, track_dataset, use_dataset
    from camvid.layouts import content_digest

    def track(dataset: RoadDataset, key: str, ending: str = "") -> None:
        name = artifact_name(config.project, ending)
        how = {"digest": content_digest(dataset), "log_data": config.log_data, "key": key}
        track_dataset(run, dataset, name, **how, later=later)

    root = Path(config.data) if config.data else use_dataset(run, config.dataset)
    dataset = open_training(config, root)
    check_depth(config, dataset)
    sys.stderr.write(as_trained(dataset, config).remarks("train"))
    if config.data:
        track(dataset, DATA_VERSION)
    dataset = as_trained(dataset, config)
    if config.depth_dataset:
        return dataset, _open_depth(use_dataset(run, config.depth_dataset, key=DEPTH_VERSION), dataset)
    if second := depth_data(config, dataset):
        track(second, DEPTH_VERSION, "-depth")
    return dataset, second


def open_training(config: TrainConfig, root: Path) -> RoadDataset:
    """The data set in a folder, for a training.

    Raises ValueError if a split that is needed has no frames, or none with a label where segmentation is learned.
    """
    from camvid.layouts import open_dataset

    deep = "depth" in config.tasks
    dataset = open_dataset(root, config.taxonomy, **config.pick("split", "seed"), depth=deep)
    dataset.require("train", "val")
    for split in ("train", "val") if "segmentation" in config.tasks else ():
        dataset.require_masks(split)
    return dataset


def as_trained(dataset: RoadDataset, config: TrainConfig) -> RoadDataset:
    """The data set as a training sees it: with `train_on` train+val, val's frames are in train, and val is empty."""
    if config.train_on == "train":
        return dataset
    splits = dataset.splits
    return replace(dataset, splits={**splits, "train": splits["train"] + splits["val"], "val": ()})


def depth_data(config: TrainConfig, dataset: RoadDataset) -> RoadDataset | None:
    """The data set of the setting `depth_data`, which gives depth beside `dataset`; None if the setting is empty.

    Raises ValueError naming the folder if its train split has no depth, FileNotFoundError if there is no such folder.
    """
    return _open_depth(Path(config.depth_data), dataset) if config.depth_data else None


def _open_depth(root: Path, dataset: RoadDataset) -> RoadDataset:
    from camvid.layouts import open_depth

    second = open_depth(root, dataset.taxonomy)
    second.require_depth("train")
    return second


def check_depth(config: TrainConfig, dataset: RoadDataset) -> None:
    """Raise ValueError if there is no depth to learn from, or none to choose the best checkpoint by."""
    if "depth" not in config.tasks:
        return
    if not (depth_data(config, dataset) or config.depth_dataset):
        dataset.require_depth("train")
    dataset.require_cameras("train", "val")
    if config.monitor.startswith("depth/") and config.train_on == "train":
        dataset.require_depth("val")
