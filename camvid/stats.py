"""How often each class occurs, in pixels and in images of each split: arrays, a table, a CSV file and a plot."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tqdm import tqdm

from camvid.labels import Mask
from camvid.layouts import RoadDataset
from camvid.taxonomy import IGNORE_INDEX, VOID_NAME, Taxonomy
from files.ordered import map_ordered


class ClassFrequency(NamedTuple):
    """Counts over one split. `pixels`, `images`: (C,) int64; `void`: pixels; `void_images`, `frames`: images."""

    pixels: NDArray[np.int64]
    images: NDArray[np.int64]
    void: int
    void_images: int
    frames: int


class Row(NamedTuple):
    """A class in a split. The shares of all pixels and of all images lie in [0, 1]. They are NaN in an empty split."""

    split: str
    name: str
    pixels: int
    pixel_share: float
    images: int
    image_share: float


def class_frequency(dataset: RoadDataset, split: str) -> ClassFrequency:
    """Count pixels and images of every class over the masks of a split, at their own size.

    Raises ValueError that names a mask which is damaged or does not fit the taxonomy.
    """
    frames = [frame for frame in dataset.splits[split] if frame.mask]
    counts = np.zeros((len(frames), IGNORE_INDEX + 1), np.int64)
    counting = map_ordered(lambda frame: count_pixels(dataset.read_mask(frame)), frames)
    for row, found in zip(counts, tqdm(counting, split, len(frames), unit="mask", disable=None), strict=True):
        row += found
    pixels, images = counts.sum(0), (counts > 0).sum(0)
    classes = dataset.taxonomy.num_classes
    void, void_images = int(pixels[IGNORE_INDEX]), int(images[IGNORE_INDEX])
    return ClassFrequency(pixels[:classes], images[:classes], void, void_images, len(frames))


def count_pixels(mask: Mask) -> NDArray[np.int64]:
    """(256,) pixels of each value of a mask. Pillow needs a third of NumPy's time."""
    return np.array(Image.fromarray(mask).histogram(), np.int64)


def frequency_rows(taxonomy: Taxonomy, frequencies: Mapping[str, ClassFrequency]) -> Iterator[Row]:
    """One row for each split and class. Void is the last one."""
    for split, found in frequencies.items():
        pixels = [*found.pixels.tolist(), found.void]
        images = [*found.images.tolist(), found.void_images]
        total = sum(pixels)
        for name, count, seen in zip((*taxonomy.names, VOID_NAME), pixels, images, strict=True):
            yield Row(split, name, count, _share(count, total), seen, _share(seen, found.frames))


def frequency_table(taxonomy: Taxonomy, frequencies: Mapping[str, ClassFrequency]) -> str:
    """Percentage of pixels and of images: a row for each class, two columns for each split. A star marks priority."""
    rows = {(row.split, row.name): row for row in frequency_rows(taxonomy, frequencies)}
    stars = {taxonomy.names[index] for index in taxonomy.priority}
    width = max(len(name) for name in (*taxonomy.names, "* priority")) + 2
    heads = [f"{split} ({found.frames})" for split, found in frequencies.items()]
    lines = [
        " " * width + "".join(f"{head:>22}" for head in heads),
        " " * width + "   % pixels   % images" * len(heads),
    ]
    for name in (*taxonomy.names, VOID_NAME):
        cells = (rows[split, name] for split in frequencies)
        numbers = "".join(f"{100 * row.pixel_share:11.3f}{100 * row.image_share:11.1f}" for row in cells)
        lines.append(f"{name + ' *' * (name in stars):<{width}}{numbers}")
    return "\n".join([*lines, "* priority class"])


def write_csv(path: Path, taxonomy: Taxonomy, frequencies: Mapping[str, ClassFrequency]) -> None:
    """Write the rows with a header: split, class, pixels, pixel_share, images, image_share."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["split", "class", *Row._fields[2:]])
        writer.writerows(frequency_rows(taxonomy, frequencies))


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")
