"""Where the frames and labels of each split lie in a pair of folders, and what lies there in no split."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from camvid.layouts.scan import ALIASES, DEPTH, SPLITS, no_split, pictures
from camvid.layouts.trees import JUNK, Tree, holds_pictures, keyed
from files.amounts import counted

JSON = "annotations"  # where COCO has no pictures
IMAGES = ("images", "imgs", "image", "img", "frames", "JPEGImages")
MASKS = ("masks", "labels", "mask", "label", JSON, "SegmentationClass")
BESIDE = "_mask"  # how a label is called that lies in the folder of its frame
NAMES = {name for names in ALIASES.values() for name in names}


def trees_of(root: Path, images: Path | None = None, masks: Path | None = None) -> Iterator[Tree]:
    """Where the frames of each split lie, and their labels; of no split, where folders say none."""
    pair = (images, masks) if images and masks else (_named(root, IMAGES), _named(root, MASKS))
    if pair[0] and pair[1]:
        inner = list(_inner(pair[0], pair[1]))
        yield from inner or [Tree("", pair[0], pair[1])]
        return
    for split, names in ALIASES.items():
        for folder in (root / name for name in names if (root / name).is_dir()):
            frames, labels = _named(folder, IMAGES) or folder, _named(folder, MASKS) or folder / MASKS[0]
            beside = frames == folder and any(name.endswith(BESIDE) for name in keyed(folder, ""))
            yield Tree(split, folder, folder) if beside else Tree(split, frames, labels)


def _inner(images: Path, masks: Path) -> Iterator[Tree]:
    for split, names in ALIASES.items():
        yield from (Tree(split, images / name, masks / name) for name in names if (images / name).is_dir())


def _named(folder: Path, names: Iterable[str]) -> Path | None:
    """The first folder of these names, in upper or lower case, that holds pictures."""
    return next(all_named(folder, names), None)


def all_named(folder: Path, names: Iterable[str]) -> Iterator[Path]:
    """The folders of these names, in upper or lower case, that hold pictures."""
    there = [path for path in sorted(folder.iterdir()) if path.is_dir()]
    found = (path for name in names for path in there if path.name.casefold() == name.casefold())
    return (path for path in found if holds_pictures(path))


def about_splits(root: Path, trees: Iterable[Tree]) -> Iterator[str]:
    """The lines; none where folders say no split."""
    found = [(tree.split, _split_folder(tree)) for tree in trees if tree.split]
    for split in SPLITS:
        yield from _joined(root, split, [folder for key, folder in found if key == split])
    for place in dict.fromkeys(folder.parent for _, folder in found):
        yield from _beside(root, place, {folder for _, folder in found})


def _split_folder(tree: Tree) -> Path:
    """images/train of images/train, and train of train/images."""
    return tree.images if tree.images.name in NAMES else tree.images.parent


def _joined(root: Path, split: str, folders: Sequence[Path]) -> Iterator[str]:
    if len(folders) > 1:
        yield f"split {split} joins the folders {' and '.join(_shown(root, folder) for folder in folders)}"


def _beside(root: Path, place: Path, splits: set[Path]) -> Iterator[str]:
    others = [path for path in sorted(place.iterdir()) if path.is_dir() and path not in splits]
    for path in (path for path in others if path.name not in (DEPTH, JUNK) and not path.name.startswith(".")):
        if count := _frames(path):
            yield no_split(root, path, count)
    if place != root and (loose := pictures(place)):
        frames = counted(len(loose), "frame")
        yield f"what lies in {_shown(root, place)} itself, beside the folders of splits, is left out: {frames}"


def _frames(folder: Path) -> int:
    """The number of frames in a folder and below; those of pairs, if it holds pairs."""
    names = keyed(_named(folder, IMAGES) or folder, "")
    return sum(not name.endswith(BESIDE) for name in names)


def _shown(root: Path, folder: Path) -> str:
    return folder.relative_to(root).as_posix() if folder.is_relative_to(root) else str(folder)
