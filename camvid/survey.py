"""What is in a folder that fits no layout: photographs and labels, and which of them seem to belong together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from camvid.layouts.folders import Ends, endings
from camvid.layouts.label_content import Look, look_at
from camvid.layouts.trees import Tree, keyed, pictures_below
from camvid.spread import spread
from files.amounts import counted
from files.pictures import picture_size, read_image

LOOKED = 6  # number of pictures of a folder that are opened
LISTED = 12  # number of colours and folders that are named
FLAT = 0.6  # if a larger share of pixels equals its neighbour, the picture is a smoothed label, not a photograph
PHOTOS, LABELS, BLENDED, DAMAGED = "photographs", "labels", "labels with blended edges", "unreadable pictures"


class Place(NamedTuple):
    """A folder and the pictures in it and below. They are of one kind, or of several kinds and in this very folder."""

    folder: Path
    pictures: list[Path]
    kind: str


def survey(folder: Path, looped: list[Path] | None = None) -> list[Place]:
    """The topmost folders whose pictures are of one kind. Links to folders above them join `looped`."""
    pictures = pictures_below(folder, looped)
    kinds = {kind_of(path) for path in spread(pictures, LOOKED)}
    if len(kinds) < 2:
        return [Place(folder, pictures, kinds.pop())] if kinds else []
    inner = sorted({path.relative_to(folder).parts[0] for path in pictures if path.parent != folder})
    direct = [path for path in pictures if path.parent == folder]
    here = {kind_of(path) for path in spread(direct, LOOKED)}
    own = [Place(folder, direct, " and ".join(sorted(here)))] if direct else []
    return own + [place for name in inner for place in survey(folder / name)]


def kind_of(path: Path) -> str:
    """The kind of a picture: photograph, label, smoothed label or damaged."""
    try:
        if not look_at([path]).many:
            return LABELS
        pixels = read_image(path)
    except ValueError:
        return DAMAGED
    return BLENDED if (pixels[:, 1:] == pixels[:, :-1]).all(2).mean() > FLAT else PHOTOS


def matches(places: list[Place]) -> Iterator[tuple[Place, Place, int]]:
    """A folder of photographs, a folder of labels, and how many file names they share; one for each label folder."""
    photos = [place for place in places if place.kind == PHOTOS]
    for labels in (place for place in places if place.kind in (LABELS, BLENDED)):
        trees = [(Tree("", place.folder, labels.folder), place) for place in photos]
        shared = [(_shared(tree, endings([tree])), place) for tree, place in trees]
        count, best = max(shared, key=lambda item: item[0], default=(0, None))
        if best and count:
            yield best, labels, count


def _shared(tree: Tree, ends: Ends) -> int:
    return len(keyed(tree.images, ends[0]).keys() & keyed(tree.masks, ends[1]).keys())


def told(root: Path, place: Place) -> str:
    """One line about a folder of pictures."""
    sample = spread(place.pictures, LOOKED)
    sizes = Counter(picture_size(path) for path in sample if kind_of(path) != DAMAGED)
    size = ", ".join(f"{width}x{height}" for (height, width), _ in sizes.most_common(2)) + ", …" * (len(sizes) > 2)
    name = place.folder.relative_to(root).as_posix()
    more = f": {content(look_at(sample))}" if place.kind in (LABELS, BLENDED) else ""
    return f"{name}/ has {len(place.pictures)} {suffixes(place.pictures)} of {size or 'no size'}, {place.kind}{more}"


def suffixes(paths: Iterable[Path]) -> str:
    """The suffixes of some files."""
    return "/".join(sorted({path.suffix for path in paths}))


def content(look: Look) -> str:
    """The modes of label pictures and the values or colours in them."""
    if look.strange:
        return look.strange
    modes = ", ".join(f"{mode} ({count})" for mode, count in look.modes.most_common())
    if look.values is not None:
        what = f"values {_ranges(sorted(look.values))}"
        return f"mode {modes}, {what}" + (", shown in the colours of a palette" if "P" in look.modes else "")
    colors = look.main_colors
    listed = ", ".join(map(str, colors[:LISTED])) + ", …" * (len(colors) > LISTED)
    blended = f" and {len(look.colors) - len(colors)} blends of them" if look.many else ""
    return f"mode {modes}, {counted(len(colors), 'colour')}{blended}: {listed}"


def _ranges(values: list[int]) -> str:
    """0 to 3, 7, 255."""
    runs: list[list[int]] = []
    for value in values:
        if runs and runs[-1][-1] == value - 1:
            runs[-1].append(value)
        else:
            runs.append([value])
    listed = [f"{run[0]} to {run[-1]}" if len(run) > 1 else str(run[0]) for run in runs]
    return ", ".join(listed[:LISTED]) + ", …" * (len(listed) > LISTED)
