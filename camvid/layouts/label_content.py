"""What label pictures hold, read off a sample of them: values or colours, how many of each, and traces of smoothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from itertools import combinations
from pathlib import Path

import numpy as np
from PIL import Image

from camvid.entries import Color
from camvid.labels import stored_values
from files.pictures import load_label

KEPT = 4096  # values or colours of a picture that are counted, the most frequent first: a photograph has far more
MANY = 160  # different values or colours, above which a picture is no label, or one that was smoothed
FEW = 20  # values or colours beyond a list, up to which they are taken for forgotten classes; smoothing makes more
SMOOTHED = (
    "blended edges or JPEG make that many: `python -m camvid convert` gives each pixel the nearest class of the list"
)
APART = 16  # by which values differ that a lossy format does not mix
MODES = {"1", "L", "P", "RGB", "RGBA", "I", "I;16", "I;16B"}  # of labels
STRANGE = "mode {}: that is no label of classes; save the labels with one channel of 8 or 16 bits"
LOSSY = {".jpg", ".jpeg", ".jpe", ".jfif"}  # suffixes of formats that change colours


@dataclass(frozen=True)
class Look:
    """What one or more label pictures hold.

    Attributes:
        modes: Pillow's modes, with the number of pictures of each.
        values: pixels of each value; None where a picture holds colours.
        colors: pixels of each colour as viewers show it.
        lossy: whether a format that changes colours is among theirs.
        palettes: for each picture with a palette, the colours of the values that it uses.
    """

    modes: Counter[str]
    values: Counter[int] | None
    colors: Counter[Color]
    lossy: bool = False
    palettes: tuple[tuple[Path, Mapping[int, Color]], ...] = ()

    def __add__(self, other: Look) -> Look:
        values = None if self.values is None or other.values is None else self.values + other.values
        lossy, palettes = self.lossy or other.lossy, self.palettes + other.palettes
        return Look(self.modes + other.modes, values, self.colors + other.colors, lossy, palettes)

    @property
    def differing(self) -> tuple[Path, Path] | None:
        """Two pictures whose palettes show a value that both use in different colours, if there are any."""
        pairs = combinations(self.palettes, 2)
        return next(
            ((a, b) for (a, one), (b, other) in pairs if any(one[v] != other[v] for v in one.keys() & other)), None
        )

    @property
    def strange(self) -> str:
        """That their mode holds neither values nor colours, and what to do; empty for labels."""
        modes = sorted(self.modes.keys() - MODES)
        return STRANGE.format("/".join(modes)) if modes else ""

    @property
    def many(self) -> bool:
        """Whether there are more colours than labels have, or such as labels do not have."""
        return self.lossy or len(self.colors) > MANY

    @property
    def main_colors(self) -> tuple[Color, ...]:
        """The colours, sorted; of many, without the very rare and those near to more frequent ones, the blends."""
        if not self.many:
            return tuple(sorted(self.colors))
        kept: list[Color] = []
        for color, count in self.colors.most_common():
            if count >= self.colors.total() / 1000 and all(_distance(color, other) >= 3 * APART for other in kept):
                kept.append(color)
        return tuple(sorted(kept))

    @property
    def peaks(self) -> Look:
        """The same without the values that a lossy format made of others: near to more frequent ones, or very rare."""
        if self.values is None:
            return self
        kept: Counter[int] = Counter()
        for value, count in self.values.most_common():
            if count >= self.values.total() / 1000 and all(abs(value - other) >= APART for other in kept):
                kept[value] = count
        return Look(self.modes, kept, Counter({(value,) * 3: count for value, count in kept.items()}))


def _distance(one: Color, other: Color) -> int:
    return max(abs(mine - its) for mine, its in zip(one, other, strict=True))


def look_at(paths: Iterable[Path]) -> Look:
    """What these label pictures hold together. Those that are damaged or of a mode that no label has are passed over.

    Raises ValueError naming a damaged one where there is no other.
    """
    looks, faults = [], []
    for path in paths:
        try:
            looks.append(_look(path))
        except ValueError as error:
            faults.append(error)
    if not looks:
        raise faults[0]
    return reduce(Look.__add__, [look for look in looks if look.modes.keys() <= MODES] or looks)


def _look(path: Path) -> Look:
    picture = load_label(path)
    try:
        values = stored_values(picture)
    except ValueError as error:
        return Look(Counter([f"{picture.mode}, {error}"]), None, Counter())
    found = None if values is None else _counted(values)
    if found is None or picture.mode == "P":
        pixels = np.asarray(picture.convert("RGB").convert("RGBX")).view("<u4")[..., 0] & 0xFFFFFF
        colors = Counter({(v & 255, v >> 8 & 255, v >> 16): n for v, n in _counted(pixels).items()})
    else:
        colors = Counter({(value, value, value): count for value, count in found.items()})
    used = ((path, _used_colors(picture, found)),) if found and picture.mode == "P" else ()
    return Look(Counter([picture.mode]), found, colors, path.suffix.lower() in LOSSY, used)


def _used_colors(picture: Image.Image, values: Iterable[int]) -> dict[int, Color]:
    """The palette's colours of these values."""
    parts = picture.getpalette("RGB") or []
    colors = list(zip(parts[::3], parts[1::3], parts[2::3], strict=True))
    return {value: colors[value] for value in values if value < len(colors)}


def _counted(values: np.typing.NDArray[np.integer]) -> Counter[int]:
    found, counts = np.unique(values, return_counts=True)
    most = np.argsort(-counts, kind="stable")[:KEPT]
    return Counter(dict(zip(found[most].tolist(), counts[most].tolist(), strict=True)))
