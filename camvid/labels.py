"""Decodes labels, which hold RGB colours or index values, to masks with the class indices of a taxonomy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from camvid.taxonomy import IGNORE_INDEX, VOID_NAME, Color, Taxonomy, TaxonomyError, original_palette
from files.amounts import counted

Mask: TypeAlias = NDArray[np.uint8]

LISTED = 3  # number of unknown values or colours that a message names
MOST = (1 << 16) - 1  # highest value of a label
OUTSIDE = 254  # in a table: a colour or value without a name. Masks that leave this module never hold it


@dataclass(frozen=True)
class ColorLabels:
    """RGB labels. `colors`: each known colour and its class index, 255 for void."""

    colors: tuple[tuple[Color, int], ...]

    @property
    def table(self) -> dict[str, Any]:
        """The table in plain values, for digests."""
        return {"colors": self.colors}

    def decode(self, label: Image.Image) -> tuple[Mask, dict[str, int]]:
        """RGB picture -> mask (H, W) uint8 with void 255, and the pixel count of each unknown colour (void there).

        Raises ValueError for a picture without colours.
        """
        if label.mode not in ("RGB", "RGBA", "P"):
            raise ValueError(f"an RGB label is needed; this one has mode {label.mode}")
        pixels = np.asarray(label.convert("RGB").convert("RGBX"))  # (H, W, 4), the last byte is padding
        packed = pixels.view("<u4")[..., 0] & 0xFFFFFF  # (H, W), R + 256 G + 65536 B
        mask = _color_table(self.colors)[packed]
        return _outside(mask, packed, lambda v: f"colour {(v & 255, v >> 8 & 255, v >> 16)}")


@dataclass(frozen=True)
class IndexLabels:
    """Single-channel labels.

    Attributes:
        indices: the class index for each value; 255 for void; 254 for an unknown value, which has no name. All values
            beyond the end are unknown, except 255.
        void: the class index for value 255, if `indices` ends before it. It is 255, unless a class collects Void.
    """

    indices: tuple[int, ...]
    void: int = field(default=IGNORE_INDEX, repr=False)  # follows from the taxonomy, so that caches need not name it

    @property
    def table(self) -> dict[str, Any]:
        """The table in plain values, for digests. `void` is left out: it follows from the taxonomy."""
        return {"indices": self.indices}

    @property
    def known(self) -> dict[int, int]:
        """The class index for each known value."""
        named = {value: index for value, index in enumerate(self.indices) if index != OUTSIDE}
        return {IGNORE_INDEX: self.void} | named

    def decode(self, label: Image.Image) -> tuple[Mask, dict[str, int]]:
        """Picture of values -> mask (H, W) uint8, void 255, and the pixel count of each unknown value (void there).

        Raises ValueError for a picture that holds no values (see `stored_values`).
        """
        values = stored_values(label)
        if values is None:
            raise ValueError(
                f"an index label is needed, of one channel with 8, 16 or 32 bits; this one has mode {label.mode}"
            )
        table = _index_table(self.indices, self.void)
        mask = np.asarray(cv2.LUT(values, table[:256]), np.uint8) if values.dtype == np.uint8 else table[values]
        return _outside(mask, values, lambda v: f"value {v}")


Labels: TypeAlias = ColorLabels | IndexLabels


def say_outside(outside: Mapping[str, int], what: str) -> str:
    """For messages: how many values or colours of a label are outside of `what`, and the most frequent ones."""
    listed = ", ".join(f"{value} ({counted(count, 'pixel')})" for value, count in list(outside.items())[:LISTED])
    return f"{counted(len(outside), 'value')} not in {what}: {listed}"


def stored_values(label: Image.Image) -> NDArray[np.integer] | None:
    """The values (H, W) of a label of 1, 8, 16 or 32 bits. A tool may have written each three times, as grey in RGB.

    For a picture with a palette, they are the indices. None for any other kind of picture.

    Raises ValueError for values of 32 bits that do not fit into 16, such as ids of objects.
    """
    pixels = np.asarray(label)
    if label.mode == "1":
        return pixels.astype(np.uint8)
    if label.mode in ("L", "P") or label.mode.startswith("I;16"):
        return pixels
    if label.mode == "I":
        if pixels.min() < 0 or pixels.max() > MOST:
            raise ValueError(f"values {pixels.min()} to {pixels.max()}, where 0 to {MOST} are allowed")
        return pixels.astype(np.uint16)
    if label.mode in ("RGB", "RGBA") and (pixels[..., :1] == pixels[..., :3]).all():
        return pixels[..., 0]
    return None


def color_labels(taxonomy: Taxonomy, palette: Mapping[str, Color] | None, origin: str) -> ColorLabels:
    """Decoder of RGB labels.

    Args:
        taxonomy: says which names its classes collect.
        palette: name -> colour, as the data set lists them. None takes the colours of CamVid's 32 names, and for other
            names the colour of the taxonomy's class of that name.
        origin: file of the palette, for messages.

    Raises:
        TaxonomyError: a collected name is not listed, no listed name is collected, or a colour stands for two classes.
    """
    palette = _default_palette(taxonomy) if palette is None else palette
    values: dict[Color, int] = {}
    for name, index in _indices(taxonomy, palette, origin).items():
        color = palette[name]
        if values.get(color, IGNORE_INDEX) == IGNORE_INDEX:
            values[color] = index
        elif index not in (values[color], IGNORE_INDEX):
            pair = f"{taxonomy.names[values[color]]} and {taxonomy.names[index]}"
            raise TaxonomyError(f"{origin}: colour {color} stands for two classes of {taxonomy.name}: {pair}")
    return ColorLabels(tuple(sorted(values.items())))


def index_labels(taxonomy: Taxonomy, names: Iterable[str] | Mapping[int, str], origin: str) -> IndexLabels:
    """Decoder of index labels.

    Args:
        taxonomy: says which names its classes collect.
        names: a sequence, in which name i belongs to value i, or a mapping from values to names. Value 255 is void if
            it has no name.
        origin: file of the names, for messages.

    Raises:
        TaxonomyError: as `color_labels`.
    """
    void = taxonomy.sources.get(VOID_NAME, IGNORE_INDEX)
    named = names if isinstance(names, Mapping) else dict(enumerate(names))
    found = _indices(taxonomy, named.values(), origin)
    known = {IGNORE_INDEX: void} | {value: found[name] for value, name in named.items()}
    return IndexLabels(tuple(known.get(value, OUTSIDE) for value in range(max(named) + 1)), void)


def _default_palette(taxonomy: Taxonomy) -> dict[str, Color]:
    own = {spec.name: spec.color for spec in taxonomy.classes if spec.name in taxonomy.groups[spec.name]}
    return own | original_palette()


def _indices(taxonomy: Taxonomy, names: Iterable[str], origin: str) -> dict[str, int]:
    indices = {name: taxonomy.sources.get(name, IGNORE_INDEX) for name in names}
    listed = ", ".join(indices)
    for source, index in taxonomy.sources.items():
        if source not in indices and source not in original_palette():
            who = f"taxonomy {taxonomy.name}: class {taxonomy.names[index]} collects {source!r}"
            raise TaxonomyError(f"{who}, which {origin} does not list; listed are {listed}")
    if all(index == IGNORE_INDEX for index in indices.values()):
        raise TaxonomyError(f"taxonomy {taxonomy.name} collects none of the names that {origin} lists: {listed}")
    alike = {source.casefold(): source for source in taxonomy.sources}
    for name, index in indices.items():
        meant = alike.get(name.casefold())
        if index == IGNORE_INDEX and meant is not None and meant not in indices:
            raise TaxonomyError(
                f"{origin} lists {name!r}, which would be void: taxonomy {taxonomy.name} spells it {meant!r}; use one "
                "spelling in both, or take a taxonomy that collects this spelling"
            )
    return indices


def _outside(mask: Mask, values: NDArray[np.integer], describe: Callable[[int], str]) -> tuple[Mask, dict[str, int]]:
    """Turn unknown values to void, and count them, the most frequent first."""
    where = mask == OUTSIDE
    if not where.any():
        return mask, {}
    mask[where] = IGNORE_INDEX
    found, counts = np.unique(values[where], return_counts=True)
    order = np.argsort(-counts, kind="stable")
    return mask, {describe(int(found[i])): int(counts[i]) for i in order}


@lru_cache(maxsize=4)
def _color_table(colors: tuple[tuple[Color, int], ...]) -> Mask:
    """All 2**24 packed colours: 16 MB, of which a label touches a few cache lines."""
    table = np.full(1 << 24, OUTSIDE, np.uint8)
    for (red, green, blue), index in colors:
        table[red | green << 8 | blue << 16] = index
    return table


@lru_cache(maxsize=4)
def _index_table(indices: tuple[int, ...], void: int) -> Mask:
    table = np.full(MOST + 1, OUTSIDE, np.uint8)
    table[IGNORE_INDEX] = void  # as in VOC, Cityscapes' trainIds and most tools
    table[: len(indices)] = indices
    return table
