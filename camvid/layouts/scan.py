"""Which frames and labels lie in a folder, and which belong together."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from camvid.layouts.dataset import Frame
from files.amounts import counted

SPLITS = ("train", "val", "test")
ALIASES = {"train": ("train", "training"), "val": ("val", "valid", "validation"), "test": ("test", "testing")}
# Formats that Pillow reads and that frames and labels have. Messages name the first ones.
PICTURES = (
    *(".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".ppm", ".pgm", ".pnm"),
    *(".jp2", ".avif", ".tga", ".gif", ".jfif", ".jpe"),
)
SOME = ", ".join(PICTURES[:4])
DEPTH = "depth"  # a folder of depth maps, which are named like the frames
CAMERAS = "cameras.csv"  # their cameras


@dataclass(frozen=True)
class Bare:
    """A frame without a label.

    Attributes:
        frame: its mask is None.
        split: train, val or test; empty where the folders say no split.
        fault: the line that says so; empty if its split has no label at all, which is no fault.
    """

    frame: Frame
    split: str = ""
    fault: str = ""


@dataclass(frozen=True)
class Scan:
    """What lies under a root.

    Attributes:
        root: the folder.
        layout: the layout's name.
        frames: complete pairs, sorted by name.
        folders: the names of each split, where folders or lists of the layout say it.
        faults: what is wrong, one line each.
        unlabelled: for a split that has frames and no label at all, how many; they are in no split, and no fault.
        divided: where nothing says which frames validate, they are divided by their sequences, with a word about it.
        notes: what was taken and what was passed over, where there was a choice, one line each.
        bare: frames without labels, which are not among the frames.
        passed: the names of frames that are left out, as they have neither a label nor depth.
    """

    root: Path
    layout: str
    frames: tuple[Frame, ...]
    folders: dict[str, tuple[str, ...]] | None
    faults: tuple[str, ...]
    unlabelled: Mapping[str, int] = field(default_factory=dict)
    divided: bool = False
    notes: tuple[str, ...] = ()
    bare: tuple[Bare, ...] = ()
    passed: frozenset[str] = frozenset()

    @property
    def labelled(self) -> list[Frame]:
        """The frames that have a label."""
        return [frame for frame in self.frames if frame.mask]

    @property
    def masks(self) -> list[Path]:
        """The labels of the frames."""
        return [frame.label for frame in self.labelled]

    @property
    def left_out(self) -> list[str]:
        """Lines about frames without labels: that they are left out, or what they are for."""
        told = ", ".join(f"{split or 'no split'} {count}" for split, count in self.unlabelled.items())
        lines = [f"frames without labels, which are left out: {told}"] if told else []
        count = len(self.frames) - len(self.labelled)
        what = f"{counted(count, 'frame')} with depth and without a label"
        return lines + ([f"{what}: only a training of depth uses {'it' if count == 1 else 'them'}"] if count else [])

    def shown(self, path: Path) -> str:
        """A path for messages: from the root, where it lies in there."""
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else str(path)


def sequence_of(name: str) -> str:
    """The drive that a frame's name leads with: 0016E5_07959 -> 0016E5, Seq05VD_f00000 -> Seq05VD, clip0012 -> clip."""
    return name.split("_", maxsplit=1)[0] if "_" in name else name.rstrip("0123456789")


def plain(name: str) -> str:
    """A name in one Unicode form (NFC): a Mac writes an ü as two characters, other systems as one."""
    return unicodedata.normalize("NFC", name)


def pictures(folder: Path, suffixes: Sequence[str] = PICTURES) -> list[Path]:
    """The picture files in a folder, sorted; none where it is missing.

    Hidden files are passed over (a Mac writes `._x.png` beside a copied `x.png`), and so are folders named like one.
    """
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    return [p for p in files if p.suffix.lower() in suffixes and not p.name.startswith(".") and not p.is_dir()]


def about_hidden(scan: Scan) -> tuple[str, ...]:
    """One line that pictures beside the frames or labels are hidden, or none; those that a Mac writes do not count."""
    folders = dict.fromkeys(path.parent for frame in scan.frames for path in (frame.image, frame.mask) if path)
    names = [path for folder in folders for path in sorted(folder.glob(".*")) if path.suffix.lower() in PICTURES]
    hidden = [path for path in names if not path.name.startswith("._") and path.is_file()]
    what = f"{counted(len(hidden), 'hidden file')} {'is' if len(hidden) == 1 else 'are'} passed over"
    return (f"{what}, as a dot begins the name (first: {scan.shown(hidden[0])})",) if hidden else ()


def is_label(path: Path, ending: str) -> bool:
    """Whether it is a PNG whose name ends so, apart from its suffix."""
    return path.suffix.lower() == ".png" and path.stem.endswith(ending)


def pair(
    images: Iterable[Path], masks: Iterable[Path], ending: str, split: str = ""
) -> tuple[list[Frame], list[str], list[Bare]]:
    """Pairs `name.*` with `name<ending>.png`, the faults (duplicate names, missing partners), and what has no label."""
    by_name: defaultdict[str, tuple[list[Path], list[Path]]] = defaultdict(lambda: ([], []))
    for image in images:
        by_name[plain(image.stem)][0].append(image)
    for mask in masks:
        by_name[plain(mask.stem.removesuffix(ending))][1].append(mask)
    frames: list[Frame] = []
    faults: list[str] = []
    bare: list[Bare] = []
    for name, (found, labels) in sorted(by_name.items()):
        for paths in (found, labels):
            faults += [f"{path}: duplicate name {name}, also {paths[0]}" for path in paths[1:]]
        if not labels:
            faults.append(f"{found[0]}: frame without a label ({name}{ending}.png)")
            bare.append(Bare(Frame(name, sequence_of(name), found[0], None), split, faults[-1]))
        elif not found:
            faults.append(f"{labels[0]}: label without a frame ({name} as {SOME}, …)")
        else:
            frames.append(Frame(name, sequence_of(name), found[0], labels[0]))
    return frames, faults, bare


def no_split(root: Path, folder: Path, count: int) -> str:
    """That a folder beside those of splits is left out, with its number of frames."""
    shown = folder.relative_to(root).as_posix() if folder.is_relative_to(root) else str(folder)
    return f"folder {shown} is no split and is left out: {counted(count, 'frame')}"


def scan_folders(root: Path, layout: str, folder_ending: str, ending: str) -> Scan:
    """Layouts with two folders for each split."""
    kept: dict[str, Frame] = {}
    folders: dict[str, tuple[str, ...]] = {}
    all_faults: list[str] = []
    all_bare: list[Bare] = []
    for split in SPLITS:
        masks = [path for path in pictures(root / f"{split}{folder_ending}") if is_label(path, ending)]
        frames, faults, bare = pair(pictures(root / split), masks, ending, split)
        twice = [frame for frame in frames if frame.name in kept]
        faults += [f"{frame.image}: duplicate name {frame.name}, also {kept[frame.name].image}" for frame in twice]
        fresh = {frame.name: frame for frame in frames if frame.name not in kept}
        folders[split] = tuple(fresh)
        kept |= fresh
        all_faults += faults
        all_bare += bare
    beside = [path for path in sorted(root.iterdir()) if (root / f"{path.name}{folder_ending}").is_dir()]
    others = [(path, pictures(path)) for path in beside if path.name not in SPLITS]
    notes = tuple(no_split(root, path, len(found)) for path, found in others if found)
    pairs = tuple(kept[name] for name in sorted(kept))
    return Scan(root, layout, pairs, folders, tuple(all_faults), notes=notes, bare=tuple(all_bare))
