"""Flags of the commands, above all those for which data set is read, and how."""

from __future__ import annotations

import argparse
from pathlib import Path

from camvid.layouts import AUTO, LAYOUTS
from camvid.layouts.folders import pair_of_folders
from camvid.layouts.layout import Layout
from camvid.layouts.splits import SPLITTERS
from flags import FlagParser


def data_flags() -> FlagParser:
    """The parser of these flags, as a parent of others."""
    data = FlagParser(add_help=False)
    data.add_argument("root", type=named_path, metavar="ROOT", help="folder that holds the data set")
    data.add_argument(
        "--taxonomy",
        default=AUTO,
        help="a built-in taxonomy, a YAML file, own (the data's taxonomy.yaml), or auto (the data's taxonomy.yaml if "
        "there is one, else the classes of its layout; the default)",
    )
    data.add_argument("--layout", choices=LAYOUTS, help="layout of the folder; default: it is recognised")
    data.add_argument(
        "--split", choices=SPLITTERS, default="official", help="how frames are divided into splits; default: official"
    )
    data.add_argument("--seed", type=int, default=0, help="seed of the random split; default: 0")
    data.add_argument("--images", type=Path, metavar="DIR", help="folder of the frames, in ROOT or elsewhere")
    data.add_argument("--masks", type=Path, metavar="DIR", help="folder of the labels, which have the frames' names")
    data.add_argument(
        "--classes", type=Path, metavar="FILE", help="file that lists the classes by names, colours or values"
    )
    data.add_argument(
        "--ignore", type=int, nargs="+", default=[], metavar="VALUE", help="label values that are void, besides 255"
    )
    return data


def chosen(options: argparse.Namespace, lossy: bool = False) -> tuple[Path, str, str | Layout | None, str, int]:
    """Root, taxonomy, layout, split and seed, as the functions take them. With `lossy`, labels may be JPEG files.

    Raises ValueError for flags that contradict each other, OSError for what is missing or of the other kind.
    """
    return options.root, options.taxonomy, _layout(options, lossy), options.split, options.seed


def _layout(options: argparse.Namespace, lossy: bool) -> str | Layout | None:
    images, masks, classes = options.images, options.masks, options.classes
    if not (images or masks or classes or options.ignore):
        return str(options.layout) if options.layout else None
    if bool(images) != bool(masks):
        raise ValueError("--images and --masks: give both; give neither if the folders are called images/ and masks/")
    if options.layout not in (None, "folders"):
        raise ValueError(
            f"--layout {options.layout}: --images, --masks, --classes and --ignore work only with the layout folders"
        )
    if classes and classes.suffix.lower() in (".yaml", ".yml"):
        raise ValueError(f"--classes {classes}: this is a taxonomy; give it as --taxonomy {classes}")
    frames, labels, listed = (path and _found(options.root, path) for path in (images, masks, classes))
    for flag, folder in {"--images": frames, "--masks": labels}.items():
        if folder and not folder.is_dir():
            raise NotADirectoryError(f"{flag} {folder}: a file; give a folder")
    if listed and listed.is_dir():
        raise IsADirectoryError(f"--classes {listed}: a folder; give the file that lists the classes")
    return pair_of_folders(frames, labels, listed, options.ignore, lossy)


def _found(root: Path, path: Path) -> Path:
    """The file or folder, looked for in the root and then in the current folder."""
    found = next((place for place in (root / path, path) if place.exists()), None)
    if found is None:
        nor = f", nor is there {path}" if path != root / path else ""
        raise FileNotFoundError(f"{root / path}: there is no such file or folder{nor}")
    return found


def named_path(text: str) -> Path:
    """A path, for flags. Raises ArgumentTypeError for an empty text, which would be the current folder."""
    if not text:
        message = "an empty name, as of a variable that is not set; give a folder, or . for the current one"
        raise argparse.ArgumentTypeError(message)
    return Path(text)


def days(text: str) -> float:
    """A number of days, for flags. Raises ArgumentTypeError for one below 0."""
    number = float(text)
    if not number >= 0:
        raise argparse.ArgumentTypeError(f"{text}: give a number of days, 0 or more")
    return number
