"""An opened data set: its frames by split, and how to read them."""

from __future__ import annotations

import hashlib
import json
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
from camvid.remarks import about_priority, about_sizes, about_val, way_to_val
from camvid.taxonomy import Taxonomy
from files.camera import Camera
from files.pictures import load_label, load_picture, picture_size, read_image, read_reduced

if TYPE_CHECKING:  # which finds depth with this package
    from camvid.depth.source import Depth, DepthSource


@dataclass(frozen=True)
class Frame:
    """An image and its mask. `sequence` is the drive it was taken on: frames of one sequence resemble each other."""

    name: str
    sequence: str
    image: Path
    mask: Path


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
    """

    root: Path
    layout: str
    taxonomy: Taxonomy
    splits: dict[str, tuple[Frame, ...]]
    labels: Labels
    unlabelled: Mapping[str, int] = field(default_factory=dict)
    depth: DepthSource | None = None
    depth_fault: str = ""

    def read_image(self, frame: Frame) -> NDArray[np.uint8]:
        """RGB, (H, W, 3) uint8, upright. Raises ValueError naming a file that is damaged."""
        return read_image(frame.image)

    def read_mask(self, frame: Frame) -> Mask:
        """Class indices, (H, W) uint8, void 255. Raises ValueError naming a file damaged or outside the taxonomy."""
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
        mask = self.read_mask(frame)
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

    def decode(self, frame: Frame) -> tuple[Mask, dict[str, int]]:
        """Mask, and pixel counts of what the taxonomy's labels do not know. Raises ValueError naming a damaged file."""
        picture = load_label(frame.mask)
        try:
            return self.labels.decode(picture)
        except ValueError as error:
            raise ValueError(f"{frame.mask}: {error}") from error

    def require(self, *splits: str) -> None:
        """Raises ValueError for the first of these splits that has no frames."""
        for split in splits:
            if not self.splits[split]:
                raise ValueError(f"{self.root}: {self._lacking(split)}")

    def require_depth(self, split: str) -> None:
        """Raises ValueError if no frame of a split has depth that can be used."""
        if self.depth_fault:
            raise ValueError(self.depth_fault)
        if not self.depth or not any(frame.name in self.depth.maps for frame in self.splits[split]):
            raise ValueError(
                f"{self.root}: no frame of the {split} split has depth; docs/data.md lists what is read, and "
                "`python -m camvid synth OUT --depth` draws streets with depth"
            )

    def _lacking(self, split: str) -> str:
        """Why a training without frames of a split is refused, and what these data are good for."""
        bare = self.unlabelled.get(split, 0)
        why = f"no frames with labels, {bare} without" if bare else "no frames"
        if split == "val" and (divided := way_to_val(self.splits)):
            return f"the {split} split has {why}, and a training needs them{divided}"
        judged = next((key for key, frames in self.splits.items() if frames and key != "train"), "")
        way = f"; `python -m eval RUN --data {self.root} --split {judged}` judges a model" if judged else ""
        return f"the {split} split has {why}, and a training needs them{way}"

    def sizes(self, split: str) -> list[tuple[int, int]]:
        """Height and width of each frame of a split, as its label's file says without being decoded.

        Raises ValueError naming a file that is no picture.
        """
        masks = [frame.mask for frame in self.splits[split]]
        facts = file_facts(self.root, [(mask, True) for mask in masks])
        return [fact.size or picture_size(mask) for mask, fact in zip(masks, facts, strict=True)]

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


def require_batch(frames: int, batch_size: int) -> None:
    """Raises ValueError if a training split has fewer frames than a batch."""
    if frames < batch_size:
        raise ValueError(
            f"batch_size={batch_size} is larger than the train split ({frames} frames): take at most {frames}"
        )


def drives_of(splits: Mapping[str, Sequence[Frame]]) -> dict[str, list[str]]:
    """For each split, the drive of each of its frames."""
    return {key: [frame.sequence for frame in frames] for key, frames in splits.items()}


def size_mismatch(frame: Frame, image: tuple[int, ...], mask: tuple[int, ...]) -> str:
    """The message for an image and a mask of different sizes (height, width)."""
    alike = mask[0] * image[1] == mask[1] * image[0]
    way = "; `python -m camvid convert` writes labels at the size of their frames" if alike else ""
    return f"{frame.mask}: label is {mask[1]}x{mask[0]}, its frame {frame.image.name} is {image[1]}x{image[0]}{way}"


def depth_mismatch(path: Path, frame: Frame, depth: tuple[int, ...], image: tuple[int, ...]) -> str:
    """The message for depth of another size (height, width) than its image; empty if they have the same size."""
    if depth == image:
        return ""
    return f"{path}: depth is {depth[1]}x{depth[0]}, its frame {frame.image.name} is {image[1]}x{image[0]}"


def content_digest(dataset: RoadDataset) -> str:
    """SHA-256 over frame names, what is read of the files, splits, taxonomy and label table, wherever the files lie.

    The files are images, masks, and depth with its cameras if the frames have it.
    """
    digest = hashlib.sha256(dataset.taxonomy.digest.encode())
    digest.update(json.dumps(dataset.labels.table).encode())
    for split, frames in sorted(dataset.splits.items()):
        ordered = sorted(frames, key=lambda frame: frame.name)
        found = zip(ordered, frame_digests(dataset, ordered), depth_digests(dataset, ordered), strict=True)
        for frame, files, depth in found:
            digest.update(json.dumps([split, frame.name, *files, *depth]).encode())
    return digest.hexdigest()


def frame_digests(dataset: RoadDataset, frames: Sequence[Frame]) -> list[tuple[str, str]]:
    """SHA-256 of what is read of each frame: of its image and of its mask, each with what is done to it.

    Raises ValueError naming a file that is no picture, or is cut short.
    """
    files = [file for frame in frames for file in ((frame.image, False), (frame.mask, True))]
    facts = file_facts(dataset.root, files)
    for (path, _), fact in zip(files, facts, strict=True):
        if fact.size is None:
            dataset.complain(path)
    digests = [fact.digest for fact in facts]
    return list(zip(digests[::2], digests[1::2], strict=True))


def depth_digests(dataset: RoadDataset, frames: Sequence[Frame]) -> list[tuple[str, ...]]:
    """SHA-256 of the depth and of the camera of each frame; empty for a frame without depth.

    Raises ValueError naming a file that is missing, or a picture that is cut short.
    """
    if dataset.depth is None:
        return [()] * len(frames)
    files = [dataset.depth.files(frame.name) for frame in frames]
    listed = list(dict.fromkeys(path for paths in files for path in paths))
    facts = dict(zip(listed, file_facts(dataset.root, [(path, True) for path in listed]), strict=True))
    for path, fact in facts.items():
        if fact.size is None and path.suffix.lower() == ".png":
            dataset.complain(path)
    return [tuple(facts[path].digest for path in paths) for paths in files]
