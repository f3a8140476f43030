"""Frames and labels in folders within folders, as large data sets have them: one for each city, drive or weather."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeAlias

from camvid.layouts.dataset import Frame
from camvid.layouts.scan import PICTURES, SOME, SPLITS, Bare, Scan, plain

JUNK = "__MACOSX"  # what a Mac adds to archives; it also adds hidden files

Keyed: TypeAlias = dict[str, list[Path]]


@dataclass(frozen=True)
class Tree:
    """Where frames of one split lie, at any depth, and where their labels lie under the same folders.

    Attributes:
        split: train, val or test; empty where the folders say no split.
        images: a folder of frames.
        masks: a folder of labels; the same one where they lie beside their frames, with an ending of their own.
    """

    split: str
    images: Path
    masks: Path


class _Pair(NamedTuple):
    split: str
    parts: tuple[str, ...]  # the last folders of its tree, those in it, and what both names have in common
    image: Path
    mask: Path | None
    fault: str = ""  # of a frame without a label, among frames that have some


def scan_trees(
    root: Path,
    layout: str,
    trees: Iterable[Tree],
    endings: tuple[str, str],
    sequence: Callable[[str], str],
    suffixes: Sequence[str] = (".png",),
) -> Scan:
    """Pairs of all trees. Frames of a tree without any label are left out and counted; that is no fault.

    A frame is called by its file's name without its ending. If two have the same name, all get the names of as many
    folders before theirs as it takes.

    Args:
        root: the data set's folder.
        layout: the layout's name.
        trees: where to look.
        endings: with which the names of frames and of labels end before the suffix.
        sequence: the drive of a frame, from its name.
        suffixes: of labels, in small letters.
    """
    trees = list(trees)
    pairs: list[_Pair] = []
    faults: list[str] = []
    looped: list[Path] = []
    unlabelled: Counter[str] = Counter()
    for tree in trees:
        images = keyed(tree.images, endings[0], looped=looped)
        masks = keyed(tree.masks, endings[1], suffixes, looped)
        if tree.images == tree.masks:
            images = {key: paths for key, paths in images.items() if not key.endswith(endings[1])}
        pairs += _pairs(tree, images, masks, endings)
        faults += _faults(images, masks, endings)
        if images and not masks:
            unlabelled[tree.split] += len(images)
    whole, alone = [pair for pair in pairs if pair.mask], [pair for pair in pairs if not pair.mask]
    names = _names([pair.parts for pair in whole])
    named = sorted(zip(names, whole, strict=True))
    frames = tuple(Frame(name, sequence(name), pair.image, pair.mask) for name, pair in named)
    others = sorted(zip(_names([pair.parts for pair in alone], names), alone, strict=True))
    bare = tuple(Bare(Frame(name, sequence(name), p.image, None), p.split, p.fault) for name, p in others)
    folders = {split: tuple(name for name, pair in named if pair.split == split) for split in SPLITS}
    split = all(tree.split for tree in trees)
    notes = about_loops(root, looped)
    return Scan(root, layout, frames, folders if split else None, tuple(faults), unlabelled, not split, notes, bare)


def keyed(folder: Path, ending: str, suffixes: Sequence[str] = PICTURES, looped: list[Path] | None = None) -> Keyed:
    """The pictures under a folder whose names end so, by their path from there without ending and suffix, sorted.

    Links to a folder above them are passed over, and join `looped`.
    """
    found: defaultdict[str, list[Path]] = defaultdict(list)
    for place, inner, names in _walk(folder, looped):
        for name in names:
            stem, _, suffix = name.rpartition(".")
            if f".{suffix.lower()}" in suffixes and stem.endswith(ending):
                found[plain(f"{inner}{stem.removesuffix(ending)}")].append(place / name)
    return dict(sorted(found.items()))


def about_loops(root: Path, looped: Iterable[Path]) -> tuple[str, ...]:
    """One line that such links are passed over, or none."""
    found = list(dict.fromkeys(looped))
    if not found:
        return ()
    first = found[0].relative_to(root) if found[0].is_relative_to(root) else found[0]
    rest = len(found) - 1
    more = f", and so {'are' if rest > 1 else 'is'} {rest} more" if rest else ""
    return (f"link {first} leads to a folder above it and is passed over{more}",)


def pictures_below(folder: Path, looped: list[Path] | None = None) -> list[Path]:
    """The pictures in a folder and below; for links see `keyed`."""
    return [path for paths in keyed(folder, "", looped=looped).values() for path in paths]


def holds_pictures(folder: Path) -> bool:
    """Whether a picture lies in a folder or below; the first one ends the search."""
    return any(f".{name.rpartition('.')[2].lower()}" in PICTURES for _, _, names in _walk(folder) for name in names)


def _walk(folder: Path, looped: list[Path] | None = None) -> Iterator[tuple[Path, str, list[str]]]:
    """Every folder, its path from there with a slash at its end, and the names of its files; nothing that is hidden.

    Links are followed, but those to a folder above them, which join `looped`.
    """
    for place, folders, names in os.walk(folder, followlinks=True):
        shown = sorted(name for name in folders if not name.startswith(".") and name != JUNK)
        above = {name for name in shown if _leads_above(Path(place, name), folder)}
        if looped is not None:
            looped += [Path(place, name) for name in sorted(above)]
        folders[:] = [name for name in shown if name not in above]
        inner = os.path.relpath(place, folder).replace(os.sep, "/")
        files = sorted(name for name in names if not name.startswith("."))
        yield Path(place), "" if inner == "." else f"{inner}/", files


def _leads_above(path: Path, top: Path) -> bool:
    """Whether it is a link to a folder through which the way from `top` to it has led, or to one above those."""
    if not path.is_symlink():
        return False
    target, steps = path.resolve(), path.relative_to(top).parents
    return any((top / step).resolve().is_relative_to(target) for step in steps)


def _pairs(tree: Tree, images: Keyed, masks: Keyed, endings: tuple[str, str]) -> list[_Pair]:
    """All frames, each with its label if it has one."""
    above = tree.images.parts[-2:]
    labels = {key: paths[0] for key, paths in masks.items()}
    absent = {key: _without_label(key, images, endings) for key in images if masks and key not in masks}
    return [
        _Pair(tree.split, (*above, *key.split("/")), paths[0], labels.get(key), absent.get(key, ""))
        for key, paths in images.items()
    ]


def _without_label(key: str, images: Keyed, endings: tuple[str, str]) -> str:
    return f"{images[key][0]}: frame without a label ({key}{endings[1]}.png)"


def _faults(images: Keyed, masks: Keyed, endings: tuple[str, str]) -> list[str]:
    """Duplicate names and missing partners; where no label lies, none is missing."""
    files = (*images.items(), *masks.items())
    faults = [f"{path}: duplicate name {key}, also {paths[0]}" for key, paths in files for path in paths[1:]]
    absent = [key for key in images if key not in masks] if masks else []
    faults += [_without_label(key, images, endings) for key in absent]
    rest = [(key, masks[key][0]) for key in masks if key not in images]
    return faults + [f"{path}: label without a frame ({key}{endings[0]} as {SOME}, …)" for key, path in rest]


def _names(places: Sequence[tuple[str, ...]], taken: Iterable[str] = ()) -> list[str]:
    """The last part of each, with as many of the parts before it as make all of them differ, also from `taken`."""
    deepest, others = max(map(len, places), default=1), set(taken)
    tried = (["_".join(parts[-depth:]) for parts in places] for depth in range(1, deepest + 1))
    unlike = (names for names in tried if len(set(names)) == len(names) and others.isdisjoint(names))
    return next(unlike, ["_".join(parts) for parts in places])
