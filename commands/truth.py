"""What is known about the frames on which a model is judged: their classes, and their depth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # what takes seconds to import is imported by the command that needs it
    from camvid.layouts import RoadDataset
    from camvid.layouts.dataset import Frame
    from eval.samples import FrameSamples

FEW = 8  # labels of which one must show a class


def learns_depth(config: Mapping[str, Any]) -> bool:
    """Whether the settings are those of a model that predicts depth."""
    return "depth" in config.get("tasks", ())


def trained_on(config: Mapping[str, Any]) -> str:
    """The splits that a model was trained on: train, or train+val."""
    return str(config.get("train_on", "train"))


def require_unseen(split: str, config: Mapping[str, Any], name: str) -> None:
    """ValueError if a model, of this name and these settings, was trained on val and is to be judged on it."""
    if split == "val" and trained_on(config) != "train":
        raise ValueError(
            f"{name} was trained on {trained_on(config)}, so it cannot be judged on val; take --split test"
        )


def samples_of(dataset: RoadDataset, split: str, config: Mapping[str, Any]) -> FrameSamples[Frame]:
    """The frames of a split, with their depth if the settings are those of a model that predicts it."""
    from eval.samples import FrameSamples

    return FrameSamples(dataset.splits[split], dataset.read, dataset.read_depth if learns_depth(config) else None)


def require_truth(dataset: RoadDataset, split: str, config: Mapping[str, Any]) -> None:
    """ValueError where a split shows nothing of what a model predicts; depth is enough for one of several tasks."""
    if "segmentation" not in config.get("tasks", ("segmentation",)):
        dataset.require_depth(split)
    elif not (learns_depth(config) and dataset.has_depth(split)):
        _require_classes(dataset, split)


def _require_classes(dataset: RoadDataset, split: str) -> None:
    """ValueError where the first labels of a split are void throughout, as a benchmark ships those that it keeps."""
    from camvid.taxonomy import IGNORE_INDEX

    frames = dataset.splits[split][:FEW]
    if not any((dataset.read_mask(frame) != IGNORE_INDEX).any() for frame in frames):
        raise ValueError(
            f"{dataset.root}: the first {len(frames)} labels of the {split} split show no class of "
            f"{dataset.taxonomy.name}, as where a benchmark keeps them: nothing can be scored; take another --split"
        )
