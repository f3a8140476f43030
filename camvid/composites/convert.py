"""Converts a folder of composites to a data set in layout kaggle, with a taxonomy and a report."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray
from PIL import Image
from tqdm import tqdm

from camvid.composites.clean import clean_label
from camvid.composites.files import Composite, find_composites, read_halves
from camvid.composites.palette import Palette, fit_palette, known_palette, stored_palette
from camvid.composites.report import write_report
from camvid.folders import new_folder


def convert(
    root: Path, out: Path, colors: str = "kmeans", k: int = 10, seed: int = 0, palette: Path | None = None
) -> Palette:
    """Write composites as a data set. `out` appears complete by one rename, or not at all.

    Args:
        root: folder with train/, val/ and maybe test/.
        out: the folder to make. It must not exist, or it must be empty. It gets train/, train_labels/ and so on,
            class_dict.csv with the colours, taxonomy.yaml with the classes, composites.csv and composites.png.
        colors: kmeans, or cityscapes for the known colours of Cityscapes.
        k: number of classes of k-means.
        seed: seed of the sample and of k-means. The same seed gives the same bytes.
        palette: class_dict.csv of an earlier conversion. Its colours and classes are used instead.

    Raises:
        ValueError: files that are no composites, or settings that do not fit them; naming file or setting and the fix.
        FileExistsError: `out` is there and not empty.
        FileNotFoundError: the root or the palette is missing.
    """
    with new_folder(Path(out)) as folder:
        composites = find_composites(Path(root))
        chosen = stored_palette(palette) if palette else _fit(Path(root), composites, colors, k, seed)
        counts = _write(composites, chosen, folder)
        write_report(folder, composites, chosen, counts)
    return chosen


def _fit(root: Path, composites: Sequence[Composite], colors: str, k: int, seed: int) -> Palette:
    train = [composite for composite in composites if composite.split == "train"]
    if not train:
        raise ValueError(f"{root}: there is no train/, from which the colours are taken; add it, or pass --palette")
    if colors == "kmeans":
        return fit_palette(train, k, seed)
    if colors == "cityscapes":
        return known_palette(train, seed)
    raise ValueError(f"colors={colors!r}: allowed are kmeans and cityscapes")


def _write(composites: Sequence[Composite], palette: Palette, folder: Path) -> NDArray[np.int64]:
    """Write the data set without its report; returns the pixels of each colour in each file, (N, P)."""
    for split in {composite.split for composite in composites}:
        (folder / split).mkdir()
        (folder / f"{split}_labels").mkdir()
    rows = (f"{name},{r},{g},{b}\n" for name, (r, g, b) in palette.colors.items())
    (folder / "class_dict.csv").write_text("".join(("name,r,g,b\n", *rows)), encoding="utf-8")
    text = yaml.safe_dump(palette.taxonomy.to_dict(), sort_keys=False, default_flow_style=None, width=120)
    (folder / "taxonomy.yaml").write_text(text, encoding="utf-8")
    side = len(read_halves(composites[0].path)[0])
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        counts = pool.map(partial(_split, folder=folder, palette=palette, side=side), composites)
        return np.stack(list(_shown(counts, len(composites))))


def _shown(counts: Iterator[NDArray[np.int64]], total: int) -> Iterator[NDArray[np.int64]]:
    yield from tqdm(counts, "converting", total, unit="file", disable=None)


def _split(composite: Composite, folder: Path, palette: Palette, side: int) -> NDArray[np.int64]:
    """Write the photo and the label of one file; returns the pixels of each colour, (P,)."""
    photo, label = read_halves(composite.path, side)
    indices = clean_label(label, palette.table)
    Image.fromarray(photo).save(folder / composite.split / f"{composite.name}.png")
    picture = Image.fromarray(indices)
    picture.putpalette(palette.table.tobytes())
    picture.save(folder / f"{composite.split}_labels" / f"{composite.name}_L.png")
    return np.bincount(indices.ravel(), minlength=len(palette.colors))
