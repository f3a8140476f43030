"""What a data set holds, for people to look at: a table of its frames with their masks, and one of its classes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import wandb
from numpy.typing import NDArray

from artifacts.masks import Mask, class_labels, masked_image
from camvid.taxonomy import IGNORE_INDEX, Taxonomy

Counts = NDArray[np.int64]


class FrameLike(Protocol):
    """One pair of files; as `camvid.layouts.Frame`."""

    @property
    def name(self) -> str:
        """Unique in the data set."""

    @property
    def sequence(self) -> str:
        """The drive it was taken on."""

    @property
    def image(self) -> Path:
        """The picture's file."""

    @property
    def mask(self) -> Path:
        """The label's file."""


class DatasetLike(Protocol):
    """An opened data set; as `camvid.layouts.CamVid`."""

    @property
    def root(self) -> Path:
        """The folder that holds it."""

    @property
    def layout(self) -> str:
        """The layout's name."""

    @property
    def taxonomy(self) -> Taxonomy:
        """The classes."""

    @property
    def splits(self) -> Mapping[str, Sequence[FrameLike]]:
        """Frames by split."""

    def read_mask(self, frame: Any, /) -> Mask:
        """Class indices (H, W) uint8, void 255; ValueError for a damaged file."""


def content_tables(dataset: DatasetLike) -> tuple[wandb.Table, wandb.Table]:
    """What is in the data: a table of all frames, and one of the classes in each split; each mask is read once.

    Frames have their mask as an overlay and the share of their pixels that is void or a priority class. Classes have
    the columns of `camvid`'s statistics: shares are of all pixels and of all images of the split, void comes last.
    """
    taxonomy = dataset.taxonomy
    names = class_labels(taxonomy.names)
    shown = [*taxonomy.priority, IGNORE_INDEX]
    frames = wandb.Table(columns=["name", "split", "sequence", "image", *(f"share/{names[index]}" for index in shown)])
    classes = wandb.Table(columns=["split", "class", "pixels", "pixel_share", "images", "image_share"])

    def read(frame: FrameLike) -> tuple[Counts, wandb.Image]:
        mask = dataset.read_mask(frame)
        counts = np.bincount(mask.ravel(), minlength=IGNORE_INDEX + 1)
        try:
            return counts, masked_image(str(frame.image), {"ground_truth": (mask, names)})
        except OSError as error:
            raise ValueError(f"{frame.image}: {error}; `python -m camvid check` lists every fault") from error

    for split, members in frames_by_split(dataset):
        with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
            by_frame, pictures = zip(*pool.map(read, members), strict=True)
        counts = np.stack(by_frame)  # (frames, 256)
        for frame, count, picture in zip(members, counts, pictures, strict=True):
            shares = (count[shown] / count.sum()).tolist()
            frames.add_data(frame.name, split, frame.sequence, picture, *shares)
        pixels, images = counts.sum(0), (counts > 0).sum(0)
        for index, name in names.items():
            pixel_share, image_share = float(pixels[index] / pixels.sum()), float(images[index] / len(members))
            classes.add_data(split, name, int(pixels[index]), pixel_share, int(images[index]), image_share)
    return frames, classes


def frames_by_split(dataset: DatasetLike) -> Iterator[tuple[str, list[FrameLike]]]:
    """The frames of each split that has some, sorted by name."""
    for split, frames in sorted(dataset.splits.items()):
        if frames:
            yield split, sorted(frames, key=lambda frame: frame.name)
