"""Any pair of folders: frames in one and labels of the same names in another, in any form that pictures have.

    images/x.jpg        masks/x.png            or labels/, annotations/, …; folders within folders, too
    images/train/x.jpg  masks/train/x.png      a folder for each split, below
    train/images/x.jpg  train/masks/x.png      or above
    train/x.jpg         train/x_mask.png       or both in one, as Roboflow has it

The names of a label may have an ending. The classes stand in a `taxonomy.yaml`, or in a list (see `class_lists`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeAlias

from camvid.labels import Labels
from camvid.layouts.agreed_list import agreed_list, lists_in
from camvid.layouts.class_lists import Listed, read_list
from camvid.layouts.hints import export_hint
from camvid.layouts.label_content import LOSSY
from camvid.layouts.label_meaning import labels_of
from camvid.layouts.layout import Layout
from camvid.layouts.own_classes import taxonomy_of
from camvid.layouts.scan import ALIASES, PICTURES, Scan, sequence_of
from camvid.layouts.split_folders import BESIDE, IMAGES, JSON, MASKS, about_splits, all_named, trees_of
from camvid.layouts.trees import Tree, keyed, scan_trees
from camvid.spread import spread
from camvid.taxonomy import Taxonomy, TaxonomyError

Ends: TypeAlias = tuple[str, str]


def scan_pair(root: Path, layout: str, images: Path | None = None, masks: Path | None = None) -> Scan:
    """The pairs of the folders given, else of those under the root."""
    trees = list(trees_of(root, images, masks))
    ends = endings(trees)
    scan = scan_trees(root, layout, trees, ends, sequence_of, PICTURES)
    notes = (*scan.notes, *_choices(root, trees, given=bool(images and masks)), *about_splits(root, trees))
    return replace(scan, faults=(*scan.faults, *_named_otherwise(trees, ends)), notes=notes)


def _choices(root: Path, trees: Iterable[Tree], given: bool) -> Iterator[str]:
    """What was taken where several folders or lists might be meant."""
    places = [] if given else [root, *(tree.images.parent for tree in trees if tree.images.parent != root)]
    for folder in dict.fromkeys(places):
        for what, names in {"frames": IMAGES, "labels": MASKS}.items():
            yield from _choice(root, what, list(all_named(folder, names)))
    lists = {(path.name, path.read_bytes()): path for path in reversed(list(lists_in(root)))}
    yield from _choice(root, "classes", list(reversed(lists.values())))


def _choice(root: Path, what: str, found: Sequence[Path]) -> Iterator[str]:
    """One line if there is more than one."""
    taken, *others = [path.relative_to(root).as_posix() + "/" * path.is_dir() for path in found] or [""]
    if others:
        rest = f"{' and '.join(others)} {'are' if len(others) > 1 else 'is'} passed over"
        yield f"{what} are taken from {taken}, and {rest}; to take another one, move {taken} away"


def _named_otherwise(trees: Sequence[Tree], ends: Ends) -> Iterator[str]:
    """A fault for each frame whose name has another ending than the others."""
    for tree in trees:
        if ends[0] and tree.images != tree.masks:
            for key, paths in keyed(tree.images, "").items():
                if not key.endswith(ends[0]):
                    yield f"{paths[0]}: frame without a label, as its name does not end with {ends[0]} like the others"


def endings(trees: Sequence[Tree]) -> Ends:
    """What names of frames and of labels end with beyond what they share: the two by which most of them are pairs.

    Nothing, if fewer than half of the frames or of the labels are pairs by any two.
    """
    found = [(keyed(tree.images, ""), keyed(tree.masks, "")) for tree in trees]
    if any(tree.images == tree.masks for tree in trees):
        return "", BESIDE
    tried = {("", "")} | {ends for frames, labels in found for ends in _tried(list(frames), list(labels))}

    def pairs(ends: Ends) -> tuple[int, int]:
        own = [({n.removesuffix(ends[0]) for n in f if n.endswith(ends[0])}, labels) for f, labels in found]
        shared = sum(len(names & {n.removesuffix(ends[1]) for n in m if n.endswith(ends[1])}) for names, m in own)
        return shared, -len(ends[0]) - len(ends[1])

    best = max(sorted(tried), key=pairs)
    whole = min(sum(map(len, frames_or_labels)) for frames_or_labels in zip(*found, strict=True)) if found else 0
    return best if 2 * pairs(best)[0] > whole else ("", "")


def _tried(frames: list[str], labels: list[str]) -> Iterator[Ends]:
    for label in spread(labels, 3):
        frame = max(frames, key=lambda name: _alike(name, label), default="")
        if shared := _alike(frame, label):
            yield frame[shared:], label[shared:]


def _alike(one: str, other: str) -> int:
    """The number of letters with which both begin."""
    return next((place for place, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), len(one))


def classes_of(root: Path, classes: Path | None = None, ignore: Collection[int] = ()) -> Taxonomy:
    """The classes that a list names, but those whose values it says and that are ignored.

    Raises TaxonomyError where there is no list, or where those of two folders differ.
    """
    path = classes or agreed_list(root)
    if path is None and (hint := export_hint(root)):
        raise TaxonomyError(f"{root}: {hint}")
    if path is None:
        raise TaxonomyError(
            f"{root}: nothing lists the classes; put their names into classes.txt there, one a line in the order of "
            f"the values, or `python -m camvid describe {root} --out {root}/taxonomy.yaml` writes what the labels hold"
        )
    return taxonomy_of([one for one in read_list(path) if one.by_line or one.value not in ignore], str(path))


def pair_labels(
    scan: Scan, taxonomy: Taxonomy, classes: Path | None = None, ignore: Collection[int] = (), lossy: bool = False
) -> Labels:
    """As a list or the taxonomy says, see `label_meaning`. Raises ValueError for labels in JPEG, unless `lossy`."""
    changed = [mask for mask in scan.masks if mask.suffix.lower() in LOSSY]
    if changed and not lossy:
        raise ValueError(
            f"{changed[0]}: a label in JPEG, which changes its values; `python -m camvid convert {scan.root} OUT` "
            "writes PNG labels, in which each pixel has its nearest class"
        )
    path = classes or agreed_list(scan.root)
    listed: tuple[Listed, ...] = read_list(path) if path else ()
    return labels_of(scan.masks, taxonomy, listed, str(path), ignore)


def pair_of_folders(
    images: Path | None = None,
    masks: Path | None = None,
    classes: Path | None = None,
    ignore: Collection[int] = (),
    lossy: bool = False,
) -> Layout:
    """The layout of a pair of folders that are called otherwise, or whose classes stand elsewhere.

    Args:
        images: the folder of the frames; None for one of the usual names.
        masks: the folder of the labels, likewise.
        classes: a list of the classes.
        ignore: values of the labels that are void besides 255.
        lossy: labels in JPEG are taken; their reader has to find the nearest class of each pixel.
    """
    return Layout(
        "folders",
        () if images and masks else MARKS,
        partial(scan_pair, images=images, masks=masks),
        partial(pair_labels, classes=classes, ignore=ignore, lossy=lossy),
        (f"{images or 'images'}/x.png", f"{masks or 'masks'}/x.png"),
        partial(classes_of, classes=classes, ignore=ignore),
    )


def _marks(names: Iterable[str], *others: str) -> str:
    """One of the names, in the root or below a split's name; or what Roboflow writes beside both."""
    plain = [f"{name}/" for name in (*names, *map(str.capitalize, names)) if name != JSON]
    splits = [name for aliases in ALIASES.values() for name in aliases]
    return "|".join([*plain, *(f"{split}/{name}" for split in splits for name in plain), "*/_classes.csv", *others])


MARKS = (_marks(IMAGES), _marks(MASKS, f"{JSON}/**/*.png"))
FOLDERS = pair_of_folders()
