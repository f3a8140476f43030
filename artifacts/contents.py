"""What a data set holds, for people to look at: a table of its frames with their masks, and one of its classes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import wandb
from numpy.typing import NDArray

from artifacts.leaving import FEW, FEW_SIDE, MAX_FRAMES
from artifacts.masks import Mask, class_labels, masked_image, shrunk
from camvid.taxonomy import IGNORE_INDEX, Taxonomy
from files.ordered import map_ordered
from files.pictures import beyond_decoding

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
    def mask(self) -> Path | None:
        """The label's file; None for a frame of which only the depth is known."""


Member = tuple[str, FrameLike]  # a frame and its split


class DatasetLike(Protocol):
    """An opened data set; as `camvid.layouts.RoadDataset`."""

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

    @property
    def unread(self) -> Sequence[Path]:
        """Files that are not read, but without which the layout is not recognised."""

    def depth_files(self, frame: Any, /) -> Sequence[Path]:
        """The files of the frame's depth and of its camera; none if it has no depth."""

    def read_image(self, frame: Any, /) -> NDArray[np.uint8]:
        """RGB (H, W, 3) uint8, upright; ValueError for a damaged file."""

    def read_mask(self, frame: Any, /) -> Mask:
        """Class indices (H, W) uint8, void 255; ValueError for a damaged file."""


def content_tables(dataset: DatasetLike, *, reference: bool = False) -> tuple[wandb.Table, wandb.Table]:
    """What is in the data: a table of all frames, and one of the classes in each split.

    Frames have their mask as an overlay and the share of their pixels that is void or a priority class. Classes have
    the columns of `camvid`'s statistics: shares are of all pixels and of all images of the split, void comes last.

    Args:
        dataset: the opened data set.
        reference: whether only few frames are shown, small; else up to `MAX_FRAMES` are, as the files that they are.
    """
    members = [(split, frame) for split, frames in frames_by_split(dataset) for frame in frames]

    def count(member: Member) -> Counts:
        return np.bincount(dataset.read_mask(member[1]).ravel(), minlength=IGNORE_INDEX + 1)

    counts = np.stack([*map_ordered(count, members)])
    chosen = covering(counts > 0, FEW) if reference else spread(counts > 0, MAX_FRAMES)
    draw = partial(_small_picture if reference else _picture, dataset)
    pictures = dict(zip(chosen, map_ordered(draw, (members[position][1] for position in chosen)), strict=True))
    return _frame_table(dataset.taxonomy, members, counts, pictures), _class_table(dataset.taxonomy, members, counts)


def covering(present: NDArray[np.bool_], most: int) -> list[int]:
    """The rows that show every class together, or as many as `most` rows can; each next one adds the most classes.

    Args:
        present: (frames, C), whether a frame shows a class.
        most: rows to take at most.
    """
    chosen: list[int] = []
    missing = present.any(0)
    while missing.any() and len(chosen) < most:
        chosen.append(int((present & missing).sum(1).argmax()))
        missing &= ~present[chosen[-1]]
    return chosen


def spread(present: NDArray[np.bool_], most: int) -> list[int]:
    """The rows of `covering`, and of the others, evenly spread, as many as there is room for; all where they fit."""
    first = covering(present, most)
    others = [row for row in range(len(present)) if row not in set(first)]
    room = min(most - len(first), len(others))
    return sorted(first + [others[place * len(others) // room] for place in range(room)])


def shown_note(shown: int, frames: int) -> str:
    """How many of the frames of a table have pictures, and which; empty where all have."""
    if shown == frames:
        return ""
    return f"{shown} of {frames} frames have pictures, chosen so that they show every class if they can"


def _picture(dataset: DatasetLike, frame: FrameLike) -> wandb.Image:
    mask = dataset.read_mask(frame)
    try:
        as_it_lies = not beyond_decoding(frame.image.read_bytes())
        shown = str(frame.image) if as_it_lies else dataset.read_image(frame)  # not all viewers turn it upright
        return masked_image(shown, {"ground_truth": (mask, class_labels(dataset.taxonomy.names))})
    except OSError as error:
        raise ValueError(f"{frame.image}: {error}; `python -m camvid check` lists every fault") from error


def _small_picture(dataset: DatasetLike, frame: FrameLike) -> wandb.Image:
    image, mask = shrunk(dataset.read_image(frame), dataset.read_mask(frame), max_side=FEW_SIDE)
    return masked_image(image, {"ground_truth": (mask, class_labels(dataset.taxonomy.names))})


def _frame_table(
    taxonomy: Taxonomy, members: Sequence[Member], counts: Counts, pictures: Mapping[int, wandb.Image]
) -> wandb.Table:
    names, shown = class_labels(taxonomy.names), [*taxonomy.priority, IGNORE_INDEX]
    table = wandb.Table(columns=["name", "split", "sequence", "image", *(f"share/{names[index]}" for index in shown)])
    for row, ((split, frame), count) in enumerate(zip(members, counts, strict=True)):
        table.add_data(frame.name, split, frame.sequence, pictures.get(row), *(count[shown] / count.sum()).tolist())
    return table


def _class_table(taxonomy: Taxonomy, members: Sequence[Member], counts: Counts) -> wandb.Table:
    table = wandb.Table(columns=["split", "class", "pixels", "pixel_share", "images", "image_share"])
    splits = np.array([split for split, _ in members])
    for split in np.unique(splits):
        chosen = counts[splits == split]
        pixels, images = chosen.sum(0), (chosen > 0).sum(0)
        for index, name in class_labels(taxonomy.names).items():
            shares = float(pixels[index] / pixels.sum()), float(images[index] / len(chosen))
            table.add_data(str(split), name, int(pixels[index]), shares[0], int(images[index]), shares[1])
    return table


def frames_by_split(dataset: DatasetLike) -> Iterator[tuple[str, list[FrameLike]]]:
    """The frames of each split that has some, sorted by name."""
    for split, frames in sorted(dataset.splits.items()):
        if frames:
            yield split, sorted(frames, key=lambda frame: frame.name)
