"""The colours in the labels of composites, and the classes that they stand for."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import MiniBatchKMeans
from tqdm import tqdm

from camvid.composites.cityscapes import BACKGROUND, COLORS, PRIORITY, UNLABELED
from camvid.composites.files import Composite, Picture, read_halves
from camvid.layouts.class_lists import read_class_dict
from camvid.taxonomy import ClassSpec, Color, Taxonomy, load_taxonomy

FILES, PIXELS = 500, 2000  # size of the sample: number of files, and of pixels from each
FLAT = 12  # largest range of grey levels among 3x3 pixels that lie in an area of one colour
FEWEST_FLAT = 0.3  # smallest share of such pixels in a label; photos have fewer
RAREST = 50  # number of copies of the rarest colour in the points for k-means
SMALLEST = 1e-4  # a colour with a smaller share of the sample is noise
CLOSE = 16.0  # RGB distance of the noise around a colour
WIDE = 48.0  # RGB distance of the noise around a colour that is far more frequent
LARGER = 50.0  # "far more frequent": so many times as many pixels
SAME_NAME = 20.0  # largest RGB distance to a known colour that gives a colour its name
STRANGE = 0.01  # if unknown colours have a larger share of the sample, colors=cityscapes is refused


class Palette(NamedTuple):
    """Colours by name, and the classes that collect them. A colour that no class collects is void."""

    colors: dict[str, Color]
    taxonomy: Taxonomy

    @property
    def table(self) -> NDArray[np.uint8]:
        """The colours as an array, (P, 3) uint8."""
        return np.array(list(self.colors.values()), np.uint8)


class Found(NamedTuple):
    """A colour of the labels, and its number of pixels in the sample."""

    color: Color
    pixels: int


def fit_palette(composites: Sequence[Composite], k: int, seed: int) -> Palette:
    """Group the colours of the labels to k classes by k-means.

    K-means is fitted on a sample of the training files. The weight of a colour is the square root of its pixels, so
    that small things such as people get a class before the sky gets a second one. The most frequent colour of a class
    gives it its name and flags. Black is void, as in Cityscapes.

    Raises:
        ValueError: there are fewer distinct colours than k, or the labels are not coloured areas. The message names the
            value and the fix.
    """
    found = find_colors(composites, seed)
    names = name_colors(found)
    scored = [(name, one) for name, one in zip(names, found, strict=True) if name != UNLABELED]
    if not 1 <= k <= len(scored):
        raise ValueError(
            f"k={k}: the labels have {len(scored)} distinct colours, without JPEG noise and black (void); "
            f"take 1 to {len(scored)}"
        )
    points = np.array([one.color for _, one in scored], np.float64)  # (colours, 3)
    weights = np.sqrt([one.pixels for _, one in scored])
    pixels = np.repeat(points, np.ceil(RAREST * weights / weights.min()).astype(int), axis=0)
    means = MiniBatchKMeans(k, random_state=seed, n_init=20, init_size=len(pixels), reassignment_ratio=0).fit(pixels)
    groups: dict[int, list[str]] = {}  # clusters, and the colours in each, begin with the most frequent one
    for cluster, (name, _) in zip(means.predict(points).tolist(), scored, strict=True):
        groups.setdefault(cluster, []).append(name)
    colors = {name: one.color for name, one in zip(names, found, strict=True)}
    return Palette(colors, _taxonomy(f"kmeans{k}", colors, groups.values()))


def known_palette(composites: Sequence[Composite], seed: int) -> Palette:
    """Cityscapes' colours that occur in a sample of the labels. Each is a class; unlabeled is void.

    Raises ValueError if the labels have other colours, or are not coloured areas.
    """
    found = find_colors(composites, seed)
    total = sum(one.pixels for one in found)
    for color, pixels in found:
        name, distance = _nearest_known(color)
        if distance > SAME_NAME and pixels > STRANGE * total:
            raise ValueError(
                f"colors=cityscapes: {100 * pixels / total:.0f} % of the label pixels have colour {color}, which is "
                f"not one of Cityscapes' (nearest: {name} {COLORS[name]}); without --colors, k-means finds the classes"
            )
    there = {_nearest_known(one.color)[0] for one in found}
    colors = {name: color for name, color in COLORS.items() if name in there}
    return Palette(colors, _taxonomy("cityscapes-colors", colors, ([name] for name in colors if name != UNLABELED)))


def stored_palette(path: Path) -> Palette:
    """The palette of an earlier conversion: its class_dict.csv, and the taxonomy.yaml beside it.

    If there is no taxonomy, each colour is a class. Raises ValueError or FileNotFoundError that names the file.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file; give the class_dict.csv of an earlier conversion")
    colors = read_class_dict(path)
    beside = path.with_name("taxonomy.yaml")
    names = [[name] for name in colors if name != UNLABELED]
    return Palette(colors, load_taxonomy(beside) if beside.is_file() else _taxonomy(path.stem, colors, names))


def find_colors(composites: Sequence[Composite], seed: int) -> list[Found]:
    """The distinct colours of the labels, the most frequent first, without the noise of the compression.

    Raises ValueError if the labels are not areas of one colour each.
    """
    sample = _sample(composites, seed)
    bins, which, counts = np.unique(sample // 4, axis=0, return_inverse=True, return_counts=True)
    means = np.stack([np.bincount(which.ravel(), sample[:, c]) / counts for c in range(3)], 1)  # (bins, 3)
    found: list[Found] = []
    left = np.ones(len(bins), bool)
    for index in np.argsort(-counts, kind="stable"):
        if left[index]:
            near = left & (np.linalg.norm(means - means[index], axis=1) < CLOSE)
            left &= ~near
            red, green, blue = np.average(means[near], axis=0, weights=counts[near])
            found.append(Found((round(red), round(green), round(blue)), int(counts[near].sum())))
    found.sort(key=lambda one: -one.pixels)
    return [one for one in found if one.pixels >= SMALLEST * len(sample) and not _is_noise(one, found)]


def _is_noise(one: Found, found: Iterable[Found]) -> bool:
    """Whether a far more frequent colour is near."""
    larger = (other.color for other in found if other.pixels >= LARGER * one.pixels)
    return any(math.dist(one.color, color) < WIDE for color in larger)


def _sample(composites: Sequence[Composite], seed: int) -> NDArray[np.uint8]:
    """Label pixels (N, 3) from some files. They lie inside areas of one colour."""
    rng = np.random.default_rng(seed)
    chosen = sorted(rng.permutation(len(composites))[:FILES].tolist())
    side: int | None = None
    pixels, flat, seen = [], 0, 0
    for index in tqdm(chosen, "sampling colours", unit="file", disable=None):
        _, label = read_halves(composites[index].path, side)
        side = len(label)
        inner = label[_is_flat(label)]
        flat, seen = flat + len(inner), seen + side * side
        pixels.append(inner[rng.permutation(len(inner))[:PIXELS]])
    if flat < FEWEST_FLAT * seen:
        raise ValueError(
            f"{composites[0].path.parent}: only {100 * flat / seen:.0f} % of the right halves lies in areas of one "
            f"colour, but at least {100 * FEWEST_FLAT:.0f} % is expected; are these composites, with the coloured "
            "label on the right?"
        )
    return np.concatenate(pixels)


def _is_flat(label: Picture) -> NDArray[np.bool_]:
    """Which pixels (H, W) have a 3x3 neighbourhood of nearly one colour."""
    square = np.ones((3, 3), np.uint8)
    return np.asarray((cv2.dilate(label, square) - cv2.erode(label, square)).max(2) <= FLAT)


def name_colors(found: Iterable[Found]) -> list[str]:
    """A unique name for each colour: Cityscapes' name of nearly the same colour, else its red, green and blue."""
    names: Counter[str] = Counter()
    given = []
    for color, _ in found:
        name, distance = _nearest_known(color)
        name = name if distance <= SAME_NAME else "color-{}-{}-{}".format(*color)
        names[name] += 1
        given.append(name if names[name] == 1 else f"{name} {names[name]}")
    return given


def _nearest_known(color: Color) -> tuple[str, float]:
    name = min(COLORS, key=lambda name: math.dist(COLORS[name], color))
    return name, math.dist(COLORS[name], color)


def _taxonomy(name: str, colors: Mapping[str, Color], groups: Iterable[list[str]]) -> Taxonomy:
    """A class for each group of colours, with the name and the colour of its first member."""
    members = {group[0]: tuple(group) for group in groups}
    classes = (ClassSpec(first, colors[first], first in PRIORITY, first in BACKGROUND) for first in members)
    return Taxonomy(name, tuple(classes), members)
