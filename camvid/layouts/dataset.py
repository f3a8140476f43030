"""An opened data set: its frames by split, and how to read them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from camvid.labels import Labels, Mask, say_outside
from camvid.layouts.dark import about_bits
from camvid.layouts.facts import file_facts
from camvid.layouts.label_content import FEW, SMOOTHED
from camvid.layouts.lacking import DEPTH_FORMS, lacking
from camvid.layouts.mismatches import depth_mismatch, size_mismatch
from camvid.remarks import about_priority, about_sizes, about_val
from camvid.taxonomy import IGNORE_INDEX, Taxonomy
from files.camera import Camera
from files.pictures import load_label, load_picture, picture_size, read_image, read_reduced

if TYPE_CHECKING:  # which finds depth with this package
    from camvid.depth.source import Depth, DepthSource


@dataclass(frozen=True)
class Frame:
    """An image, and its mask if it has one. `sequence` is the drive: frames of one sequence resemble each other.

    A frame without a mask has depth.
    """

    name: str
    sequence: str
    image: Path
    mask: Path | None

    @property
    def label(self) -> Path:
        """The mask's file, of a frame that is known to have one."""
        assert self.mask is not None
        return self.mask


@dataclass(frozen=True)
class RoadDataset:
    """A data set on disk.

    Attributes:
        root: its folder.
        layout: the name of its layout.
        taxonomy: the classes of its masks.
        splits: the frames, by the keys train, val and test.
        labels: decodes its label pictures.
        unlabelled: the number of frames without labels of each split that has no label at all.
        depth: the depth of its frames and their cameras; None if it brings none, or none that can be used.
        depth_fault: why the depth that lies there cannot be used; else empty.
        unread: files that are not read, but without which its layout and its splits are not found again.
    """

    root: Path
    layout: str
    taxonomy: Taxonomy
    splits: dict[str, tuple[Frame, ...]]
    labels: Labels
    unlabelled: Mapping[str, int] = field(default_factory=dict)
    depth: DepthSource | None = None
    depth_fault: str = ""
    unread: tuple[Path, ...] = ()

    def read_image(self, frame: Frame) -> NDArray[np.uint8]:
        """RGB, (H, W, 3) uint8, upright. Raises ValueError naming a file that is damaged."""
        return read_image(frame.image)

    def read_mask(self, frame: Frame) -> Mask:
        """Class indices, (H, W) uint8, void 255; all void for a frame without a mask.

        Raises ValueError naming a file that is damaged or outside the taxonomy.
        """
        mask, outside = self.decode(frame)
        if outside:
            what = say_outside(outside, f"the class list {self.taxonomy.name}")
            smoothed = f"; {SMOOTHED}" if len(outside) > FEW else ""
            raise ValueError(f"{frame.mask}: {what}{smoothed}; {self.advice}")
        return mask

    def read(self, frame: Frame, at_least: tuple[int, int] | None = None) -> tuple[NDArray[np.uint8], Mask]:
        """Image and mask; the image alone may be smaller where `at_least` suffices, see `files.pictures.read_reduced`.

        Raises ValueError as their readers do, and where the files differ in size.
        """
        image, size = read_reduced(frame.image, at_least)
        mask = self.read_mask(frame) if frame.mask else void(size)
        if size != mask.shape:
            raise ValueError(size_mismatch(frame, size, mask.shape))
        return image, mask

    def read_depth(self, frame: Frame) -> tuple[Depth, Camera] | None:
        """Depth (H, W) in metres, NaN where it is unknown, and camera of a frame at its own size; None if it has none.

        Raises ValueError naming a file that is missing, damaged, impossible, or of another size than the frame.
        """
        if not self.depth or frame.name not in self.depth.maps:
            return None
        depth, camera = self.depth.read(frame.name)
        if fault := depth_mismatch(self.depth.maps[frame.name], frame, depth.shape, picture_size(frame.image)):
            raise ValueError(f"{fault}; {self.advice}")
        return depth, camera

    def depth_files(self, frame: Frame) -> tuple[Path, ...]:
        """The files of its depth and of its camera, as far as they are there; none if it has no depth."""
        return tuple(path for path in self.depth.files(frame.name) if path.is_file()) if self.depth else ()

    def decode(self, frame: Frame) -> tuple[Mask, dict[str, int]]:
        """Mask, and pixel counts of what the taxonomy's labels do not know. Raises ValueError naming a damaged file."""
        if not frame.mask:
            return void(picture_size(frame.image)), {}
        picture = load_label(frame.mask)
        try:
            return self.labels.decode(picture)
        except ValueError as error:
            raise ValueError(f"{frame.mask}: {error}") from error

    def require(self, *splits: str) -> None:
        """Raises ValueError for the first of these splits that has no frames."""
        for split in splits:
            if not self.splits[split]:
                raise ValueError(lacking(self.root, self.splits, split, self.unlabelled.get(split, 0)))

    def has_depth(self, split: str) -> bool:
        """Whether a frame of a split has depth that can be used."""
        return any(self.depth_files(frame) for frame in self.splits[split])

    def require_depth(self, split: str) -> None:
        """Raises ValueError if no frame of a split has depth that can be used."""
        if self.depth_fault:
            raise ValueError(self.depth_fault)
        if not self.has_depth(split):
            raise ValueError(f"{self.root}: no frame of the {split} split has depth; {DEPTH_FORMS}")

    def require_cameras(self, *splits: str) -> None:
        """Raises ValueError for the first frame of these splits that has depth, and no camera that can be used."""
        for frame in (frame for split in splits for frame in self.splits[split]):
            if self.depth and frame.name in self.depth.maps:
                self.depth.camera(frame.name)

    def require_masks(self, split: str) -> None:
        """Raises ValueError if no frame of a split has a mask."""
        if not any(frame.mask for frame in self.splits[split]):
            raise ValueError(
                f"{self.root}: no frame of the {split} split has a label, only depth; train with --tasks depth, or "
                "give the folder as --depth_data beside data with labels"
            )

    def sizes(self, split: str) -> list[tuple[int, int]]:
        """Height and width of each frame of a split, as the file of its label says without being decoded.

        Of a frame without a label the image's file says it. Raises ValueError naming a file that is no picture.
        """
        files = [(frame.mask or frame.image, bool(frame.mask)) for frame in self.splits[split]]
        facts = file_facts(self.root, files)
        return [fact.size or picture_size(path) for (path, _), fact in zip(files, facts, strict=True)]

    def frame_size(self, split: str) -> tuple[int, int]:
        """The height and width that most frames of a split have; of several, those of the frame that comes first."""
        return Counter(self.sizes(split)).most_common(1)[0][0]

    def remarks(self, split: str) -> str:
        """What one should know before a training on this split, one line each; empty if there is nothing."""
        sizes = about_sizes(f"{self.root}: the {split} frames", self.sizes(split))
        val = about_val(drives_of(self.splits))
        dark = about_bits([frame.image for frame in self.splits[split]])
        told = "".join(f"{line}\n" for line in (val and f"{self.root}: {val}", dark) if line)
        return about_priority(self.taxonomy) + sizes + told

    def complain(self, path: Path) -> None:
        """Raises ValueError that says what is wrong with a picture, and what to do."""
        try:
            load_picture(path)
        except ValueError as error:
            raise ValueError(f"{error}; {self.advice}") from error

    @property
    def advice(self) -> str:
        """The end of messages about a damaged data set."""
        return f"`python -m camvid check {self.root}` lists every fault"


def void(size: tuple[int, int]) -> Mask:
    """A mask (H, W) of a frame of which no class is known."""
    return np.full(size, IGNORE_INDEX, np.uint8)


def drives_of(splits: Mapping[str, Sequence[Frame]]) -> dict[str, list[str]]:
    """For each split, the drive of each of its frames."""
    return {key: [frame.sequence for frame in frames] for key, frames in splits.items()}
