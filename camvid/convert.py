"""Any data set in the plain form of layout `folders`: pictures as they are, labels as PNG of class indices."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image
from tqdm import tqdm

from camvid.clean import clean
from camvid.converted import Done, Written, about_done
from camvid.depth.faults import matched_depth
from camvid.depth.source import DepthSource
from camvid.depth.write import about_carried, write_cameras, write_depth
from camvid.drafts import taxonomy_yaml
from camvid.folders import new_folder, require_folder, require_outside
from camvid.label_studio import find_tasks
from camvid.labels import Labels, Mask
from camvid.layouts import AUTO, SPLITS, Frame, Scan, find_taxonomy
from camvid.layouts.folders import FOLDERS, pair_of_folders
from camvid.layouts.label_content import LOSSY
from camvid.layouts.layout import Layout
from camvid.layouts.recognise import recognise, scan_layout
from camvid.layouts.scan import CAMERAS, DEPTH
from camvid.layouts.splits import split_frames
from camvid.links import holds, link
from camvid.remarks import NO_TRAINING
from camvid.taxonomy import OWN_FILE, Taxonomy
from files.amounts import counted
from files.ordered import map_ordered
from files.pictures import load_label, picture_size

REPORT = "converted.txt"
VALUES = "categories.json"  # which lets models of other classes read the labels
JOINED = "a picture for each class: what none shows is void; where two overlap, the class that is listed later counts"
ALIKE = 0.02  # by which the aspect of a label may differ from its frame's, where it is scaled


class Source(NamedTuple):
    """A data set to convert. `read` gives the mask of a frame, and how many of its pixels were cleaned."""

    scan: Scan
    taxonomy: Taxonomy
    read: Callable[[Frame], tuple[Mask, int]]
    rules: tuple[str, ...] = ()


def convert(
    out: Path,
    root: Path,
    taxonomy: str = AUTO,
    layout: str | Layout | None = None,
    split: str = "official",
    seed: int = 0,
) -> list[str]:
    """Write a data set as `images/<split>/`, `masks/<split>/`, `taxonomy.yaml` and `categories.json`.

    `out` appears whole or not at all. `categories.json` names the values, so that other taxonomies can read them too.

    Depth becomes `depth/NAME.png` and `cameras.csv`. A frame that has depth needs no label.

    Pictures are linked, and so are labels that are PNG of class indices already. Other labels are written: those of
    another size than their frame are scaled, and pixels that smoothing or JPEG changed get the nearest class.

    Returns:
        What was decided, one line each; they stand in `converted.txt` too.

    Raises:
        ValueError: `out` lies in `root`, no layout fits, a damaged file, or labels whose classes cannot be known.
        FileExistsError: `out` is there and not empty.
    """
    root, out = Path(root), Path(out)
    require_folder(root)
    require_outside(out, root)
    with new_folder(out) as folder:
        source = _source(root, taxonomy, layout)
        splits = split_frames(source.scan, split, seed)
        sizes = ", ".join(f"{key} {len(frames)}" for key, frames in splits.items())
        lines = [f"{root}: layout {source.scan.layout}, split {split}: {sizes}", *_left_out(source.scan, splits)]
        lines += source.rules
        depth, unused = matched_depth(source.scan)
        done = _write(source, depth, splits, folder)
        lines += about_done(done)
        lines += about_carried([one.depth for one in done if one.depth], depth.form) if depth else []
        lines += [f"left out: depth: {fault}" for fault in unused]
        (folder / OWN_FILE).write_text(taxonomy_yaml(source.taxonomy), encoding="utf-8")
        (folder / VALUES).write_text(_values(source.taxonomy), encoding="utf-8")
        lines.append(f"classes: {', '.join(f'{i} {name}' for i, name in enumerate(source.taxonomy.names))}; 255 void")
        (folder / REPORT).write_text("\n".join([*lines, ""]), encoding="utf-8")
    return lines


def _source(root: Path, taxonomy: str, layout: str | Layout | None) -> Source:
    tasks = find_tasks(root) if layout is None else None
    if tasks:
        return Source(tasks.scan, tasks.taxonomy, lambda frame: (tasks.mask(frame), 0), (JOINED,))
    found = recognise(root, layout)
    found = pair_of_folders(lossy=True) if found is FOLDERS else found
    scan, classes = scan_layout(root, found, depth=True), find_taxonomy(root, taxonomy, found)
    plain = Taxonomy(classes.name, classes.classes, {name: (name,) for name in classes.names})  # of what is written
    return Source(scan, plain, partial(_cleaned, found.decoder(scan, classes)))


def _cleaned(labels: Labels, frame: Frame) -> tuple[Mask, int]:
    picture = load_label(frame.label)
    try:
        return clean(picture, labels, frame.label.suffix.lower() in LOSSY)
    except ValueError as error:
        raise ValueError(f"{frame.mask}: {error}") from error


def _values(taxonomy: Taxonomy) -> str:
    """The names of the values, as COCO lists them; one in each line."""
    entries = (json.dumps({"id": value, "name": name}, ensure_ascii=False) for value, name in enumerate(taxonomy.names))
    return "[\n  " + ",\n  ".join(entries) + "\n]\n"


def _left_out(scan: Scan, splits: Mapping[str, Sequence[Frame]]) -> list[str]:
    lines = [*scan.notes, *(f"left out: {fault}" for fault in scan.faults), *scan.left_out]
    lines += [] if splits["train"] else [NO_TRAINING]
    rest = len(scan.frames) - sum(map(len, splits.values()))
    return lines + ([f"left out: {counted(rest, 'frame')} between the splits"] if rest else [])


def _write(
    source: Source, depth: DepthSource | None, splits: Mapping[str, Sequence[Frame]], folder: Path
) -> list[Done]:
    jobs = [(key, frame) for key in SPLITS for frame in splits[key]]
    places = {f"images/{key}" for key, _ in jobs} | {f"masks/{key}" for key, frame in jobs if frame.mask}
    for place in places | ({DEPTH} if depth else set()):
        (folder / place).mkdir(parents=True)
    done = map_ordered(partial(_write_frame, source, depth, folder), jobs)
    listed = list(tqdm(done, "converting", len(jobs), unit="frame", disable=None))
    carried = [one.depth for one in listed if one.depth]
    if not any(one.kept for one in listed):
        raise ValueError(f"{carried[0].faults[0]}; so no frame has a label or depth")
    if any(one.camera for one in carried):
        write_cameras(carried, folder / CAMERAS)
    elif depth:
        (folder / DEPTH).rmdir()
    return listed


def _write_frame(source: Source, depth: DepthSource | None, folder: Path, job: tuple[str, Frame]) -> Done:
    key, frame = job
    carried = write_depth(depth, frame, folder / DEPTH) if depth and frame.name in depth.maps else None
    done = Done(_write_label(source, frame, folder / "masks" / key) if frame.mask else None, carried)
    if done.kept:
        link(frame.image, folder / "images" / key / f"{frame.name}{frame.image.suffix.lower()}")
    return done


def _write_label(source: Source, frame: Frame, folder: Path) -> Written:
    mask, cleaned = source.read(frame)
    target = folder / f"{frame.name}.png"
    fitted = _fitted(mask, frame)
    linked = not cleaned and fitted is mask and holds(frame.label, mask, ("L", "P"))
    if linked:
        link(frame.label, target)
    else:
        Image.fromarray(fitted).save(target)
    return Written(linked, fitted is not mask, cleaned, mask.size)


def _fitted(mask: Mask, frame: Frame) -> Mask:
    """The mask at the size of its frame. Raises ValueError where the two have another aspect."""
    height, width = picture_size(frame.image)
    if mask.shape == (height, width):
        return mask
    if abs(mask.shape[1] * height / (mask.shape[0] * width) - 1) > ALIKE:
        size = f"{mask.shape[1]}x{mask.shape[0]}"
        raise ValueError(
            f"{frame.mask}: label is {size}, its frame {frame.image.name} is {width}x{height}, another aspect; crop or "
            "turn one of the two, or take both away"
        )
    return np.asarray(Image.fromarray(mask).resize((width, height), Image.Resampling.NEAREST))
