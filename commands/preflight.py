"""Checks all settings of a training before a run or a folder is made: a setting that cannot work is one line of error.

Each package checks its own part. The quick checks come first, then those that need torch.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

from commands.tasks import NETWORK, check_tasks, training_loss
from commands.training_data import as_trained, check_depth, depth_data, open_training
from configs import TrainConfig
from configs.together import idle_settings
from files.faults import CommonFault
from files.whole import FULL, unwritten

if TYPE_CHECKING:
    from torch import nn

    from camvid.layouts import RoadDataset
    from models import SegmentationModel


def check_settings(configs: Iterable[TrainConfig]) -> None:
    """Checks all that can be checked without a run; a data set that is an artifact can only be checked in its run.

    Args:
        configs: the settings of each training; trainings that differ only in their seed are checked once.

    Raises:
        CommonFault: data or classes that no training can use, whatever its other settings.
        OSError: no data is named, or a file, folder, device or server is not there.
        ValueError: a setting that is not allowed, or not allowed together with another one.
    """
    distinct = {repr(vars(config) | ({} if config.split == "random" else {"seed": 0})): config for config in configs}
    _say_idle(distinct.values())
    opened = [(config, _open(config)) for config in distinct.values()]
    for config, dataset in opened:
        _check_unjudged(config)
        _check_batch(config, dataset)
        check_tasks(config)
    networks: dict[str, SegmentationModel] = {}
    for config, dataset in opened:
        _check(config, dataset, networks)
    if len(opened) == 1 and (dataset := opened[0][1]):  # of several, each begins with its own check
        _read_data(opened[0][0], dataset)


def _open(config: TrainConfig) -> RoadDataset | None:
    """The data set of a folder; None for an artifact, for which only the taxonomy can be checked."""
    from camvid.folders import require_folder
    from camvid.layouts import AUTO, OWN
    from camvid.taxonomy import load_taxonomy

    if not (config.data or config.dataset):
        message = (
            "no data is named; give --data FOLDER or --dataset ARTIFACT (`python -m camvid synth OUT` draws a data set)"
        )
        raise FileNotFoundError(message)
    if config.data:
        require_folder(Path(config.data))
    try:
        if config.data:
            return as_trained(open_training(config, Path(config.data)), config)
        if config.taxonomy not in (AUTO, OWN):
            load_taxonomy(config.taxonomy)
    except ValueError as error:
        raise CommonFault(str(error)) from error
    return None


def _say_idle(configs: Iterable[TrainConfig]) -> None:
    """Says in one line each which settings have no effect."""
    lines = dict.fromkeys(line for config in configs for line in idle_settings(config))
    if lines and os.environ.get("RANK", "0") == "0":
        print("\n".join(lines))


def _check_unjudged(config: TrainConfig) -> None:
    """Says in one line which settings have no effect if nothing is measured on val; a sweep needs a metric of val."""
    if config.train_on == "train":
        return
    if "WANDB_SWEEP_ID" in os.environ:
        raise CommonFault(
            f"train_on={config.train_on}: nothing is measured on val, so a sweep has no metric; set train"
        )
    default, given = vars(TrainConfig()), vars(config)
    idle = [key for key in ("monitor", "patience", "eval_every", "evaluations") if given[key] != default[key]]
    without = f", and {', '.join(idle)} {'have' if len(idle) > 1 else 'has'} no effect" if idle else ""
    if os.environ.get("RANK", "0") == "0":
        print(f"train_on={config.train_on}: nothing is measured on val, the last weights are kept{without}")


def _check_batch(config: TrainConfig, dataset: RoadDataset | None) -> None:
    """Checks what the sizes of the splits tell, before torch is imported and files are read."""
    from camvid.layouts.lacking import require_batch

    if dataset:
        require_batch(len(dataset.splits["train"]), config.batch_size)


def _check(config: TrainConfig, dataset: RoadDataset | None, networks: dict[str, SegmentationModel]) -> None:
    """Checks device, loss, loader, network and names; `networks` holds the networks that have passed."""
    from commands.device import resolve_device
    from models import SegmentationModel, check_model
    from training import check_fit

    device = resolve_device(config.device)
    training_loss(config)
    count = int(os.environ.get("WORLD_SIZE", "1"))
    size = _check_loading(config, dataset, device, count) if dataset else None
    network = config.pick(*NETWORK)
    if repr(network) not in networks:
        networks[repr(network)] = check_model(**network)
    if isinstance(model := networks[repr(network)], SegmentationModel):
        model.check_batch(config.batch_size // count, size)
    check_fit(networks[repr(network)], config.fit, config.backbone_lr_factor)
    if config.fit == "fine_tune" and config.weights == "none":
        raise ValueError(
            "fit='fine_tune' and weights='none': fine_tune first trains the head on a frozen backbone, and this "
            "backbone would be frozen with random weights; use weights=imagenet or fit=one_cycle"
        )
    if dataset:
        check_depth(config, dataset)
    _check_room(Path(config.out), networks[repr(network)])
    _check_names(config)


def _read_data(config: TrainConfig, dataset: RoadDataset) -> None:
    """Reads every file once, decodes what is trained on, and the labels of val; later it is known, or in the cache."""
    from camvid.frames import class_counts, training_frames
    from camvid.layouts import content_digest
    from camvid.transforms import scaled_size

    limit = int(config.cache_gb * 2**30)
    try:
        content_digest(dataset)
        size = scaled_size(dataset.frame_size("train"), config.resize_factor)
        depth = "depth" in config.tasks and (not config.depth_dataset or dataset.has_depth("train"))
        kept = {"limit": limit, "depth_data": depth_data(config, dataset), **config.pick("augment", "crop_min")}
        training_frames(dataset, "train", size, depth=depth, **kept)
        class_counts(dataset, "val", limit=limit)
    except ValueError as error:
        raise CommonFault(str(error)) from error


def _check_room(out: Path, model: nn.Module) -> None:
    """Weights, averaged weights, optimiser state, and the files that replace them are on the disk at the same time."""
    need = 6 * sum(weight.nbytes for weight in model.state_dict().values())
    place = next(place for place in (out, *out.absolute().parents) if place.exists())
    _check_written(out, place)
    free = shutil.disk_usage(place).free
    if free < need:
        raise ValueError(
            f"out={str(out)!r}: a run needs up to {need / 1e6:.0f} MB while it trains, but the disk has only "
            f"{free / 1e6:.0f} MB free; free some space, or give another folder"
        )


def _check_written(out: Path, place: Path) -> None:
    """Raises OSError if nothing can be written in `place`, the folder `out` or the first one above it that exists."""
    try:
        with TemporaryFile(dir=place):
            pass
    except OSError as error:
        if error.errno not in FULL:  # of a full disk, what a run needs is said
            raise unwritten(out, error) from error


def _check_names(config: TrainConfig) -> None:
    from artifacts import names_in
    from artifacts.download import require_server
    from artifacts.run import require_answer

    for name in filter(None, (config.dataset, config.depth_dataset)):
        require_server(name)
    require_answer()
    names = names_in(config.project, config.architecture)
    if names[0] != config.project and os.environ.get("RANK", "0") == "0":
        shown = " and ".join(names)
        print(f"project {config.project!r}: artifact names allow fewer characters; its artifacts are {shown}")


def _check_loading(config: TrainConfig, dataset: RoadDataset, device: str, count: int) -> tuple[int, int]:
    """Height and width of a training image, after the loader's part was checked with the first frame."""
    from camvid.kept import keep
    from camvid.plan import plan_loading
    from camvid.transforms import scaled_size

    frames = dataset.splits["train"]
    try:
        dataset.read(frames[0])
        own = dataset.frame_size("train")
    except ValueError as error:
        raise CommonFault(str(error)) from error
    size = scaled_size(own, config.resize_factor)
    deep = "depth" in config.tasks
    kept = keep(dataset, "train", size, **config.pick("augment", "crop_min"), depth=deep)
    loading: dict[str, Any] = {"streamed": kept.bytes > int(config.cache_gb * 2**30), "depth": deep}
    loading |= config.pick("augment", "augment_on", "batch_size")
    loading |= {"workers": max(0, config.workers)}  # a number that is chosen has room, and is chosen later
    plan_loading(len(frames), size, kept.size, device=device, count=count, **loading)
    return size
