"""Label Studio's export of brush labels: a black-and-white picture for each class of each task, beside the frames.

    task-12-annotation-3-by-1-tag-Road-0.png      white where task 12 shows Road

Which frame a task is of stands in the export of the same project as JSON; or the frame is called by the task's number.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np

from camvid.labels import Mask
from camvid.layouts.class_lists import Listed, find_list, read_list
from camvid.layouts.dataset import Frame
from camvid.layouts.hints import TASK, is_export
from camvid.layouts.own_classes import taxonomy_of
from camvid.layouts.scan import Scan, plain, sequence_of
from camvid.layouts.trees import pictures_below
from camvid.taxonomy import IGNORE_INDEX, Taxonomy
from files.jsons import read_json
from files.pictures import load_label, picture_size

WHITE = 128  # from which a pixel is of the class


@dataclass(frozen=True)
class Tasks:
    """The pictures of an export: for each frame, those of each class."""

    scan: Scan
    taxonomy: Taxonomy
    parts: dict[str, dict[str, list[Path]]]

    def mask(self, frame: Frame) -> Mask:
        """Class indices, (H, W) uint8. What no picture shows is void; where two do, the class that is listed later.

        Raises ValueError naming a picture that is damaged or has another size than the first one.
        """
        whole = np.full(picture_size(frame.label), IGNORE_INDEX, np.uint8)
        for tag, index in self.taxonomy.sources.items():
            for path in self.parts[frame.name].get(tag, ()):
                shown = np.asarray(load_label(path).convert("L")) >= WHITE
                if shown.shape != whole.shape:
                    size, other = ("{}x{}".format(*shape[::-1]) for shape in (shown.shape, whole.shape))
                    raise ValueError(f"{path}: {size} pixels, another picture of its task has {other}")
                whole[shown] = index
        return whole


def find_tasks(root: Path) -> Tasks | None:
    """The export under a folder; None where it holds none.

    Raises ValueError where nothing says which frame a task is of.
    """
    if not is_export(root):
        return None
    pictures = pictures_below(root)
    parts = {path: match for path in pictures if (match := TASK.fullmatch(path.stem))}
    others = [path for path in pictures if path not in parts]
    frames, annotations = _by_task(root, others), _annotations(parts.values())
    tags = _by_tag((path, part) for path, part in parts.items() if _annotation(part) == annotations[part["task"]][-1])
    faults = [f"{next(iter(t.values()))[0]}: no frame of task {task}" for task, t in tags.items() if task not in frames]
    if len(faults) == len(tags):
        raise ValueError(
            f"{faults[0]}; put the frames under {root}, and the export of the project as JSON, which says the frame of "
            "each task; or call each frame by the number of its task"
        )
    known = {task: _frame(frames[task], next(iter(tag.values()))[0]) for task, tag in tags.items() if task in frames}
    shown = sorted({tag for task in known for tag in tags[task]})
    taxonomy = _taxonomy(root, shown)
    faults += [f"pictures of {tag}, which the list of classes lacks" for tag in shown if tag not in taxonomy.sources]
    faults += _earlier(annotations)
    annotated = {frame.image for frame in known.values()}
    faults += [f"{path}: frame without an annotation" for path in others if path not in annotated]
    scan = Scan(root, "of Label Studio", tuple(sorted(known.values(), key=_name)), None, tuple(faults), divided=True)
    return Tasks(scan, taxonomy, {frame.name: tags[task] for task, frame in known.items()})


def _name(frame: Frame) -> str:
    return frame.name


def _annotations(parts: Iterable[re.Match[str]]) -> dict[str, list[int]]:
    """The numbers of each task's annotations, the latest last: Label Studio counts them up."""
    found: defaultdict[str, set[int]] = defaultdict(set)
    for match in parts:
        found[match["task"]].add(_annotation(match))
    return {task: sorted(numbers) for task, numbers in found.items()}


def _earlier(annotations: Mapping[str, Sequence[int]]) -> Iterator[str]:
    """A line for each annotation of which a later one of its task is taken."""
    for task, (*earlier, last) in annotations.items():
        yield from (f"annotation {number} of task {task}, as annotation {last} is later" for number in earlier)


def _by_tag(parts: Iterable[tuple[Path, re.Match[str]]]) -> dict[str, dict[str, list[Path]]]:
    """For each task the pictures of each class."""
    tags: defaultdict[str, defaultdict[str, list[Path]]] = defaultdict(lambda: defaultdict(list))
    for path, part in parts:
        tags[part["task"]][part["tag"]].append(path)
    return {task: dict(paths) for task, paths in tags.items()}


def _annotation(part: re.Match[str]) -> int:
    return int(part["annotation"] or 0)


def _frame(image: Path, mask: Path) -> Frame:
    return Frame(image.stem, sequence_of(image.stem), image, mask)


def _taxonomy(root: Path, tags: Iterable[str]) -> Taxonomy:
    """The classes of a list, where there is one; else those that the pictures name, in the order of the alphabet."""
    path = find_list([root])
    listed = read_list(path) if path else tuple(map(Listed, tags))
    return taxonomy_of(listed, str(path or root))


def _by_task(root: Path, pictures: Iterable[Path]) -> dict[str, Path]:
    """The frame of each task, by the JSON export or by its own name."""
    by_name = {plain(path.name): path for path in pictures}
    found = {path.stem.removeprefix("task-"): path for path in by_name.values()}
    for file in sorted(root.rglob("*.json")):
        for task, name in _listed(read_json(file)):
            upload = name.partition("-")[2]  # Label Studio puts eight digits before the name of an uploaded file
            if path := by_name.get(plain(name)) or by_name.get(plain(upload)):
                found[task] = path
    return found


def _listed(data: Any) -> Iterator[tuple[str, str]]:
    """The number of each task and the name of its frame, from the forms JSON and JSON-MIN."""
    for task in data if isinstance(data, list) else ():
        if isinstance(task, Mapping) and "id" in task:
            fields = task.get("data", task)
            names = (
                [value for value in fields.values() if isinstance(value, str)] if isinstance(fields, Mapping) else []
            )
            yield from ((str(task["id"]), re.split(r"[/=\\]", unquote(name))[-1]) for name in names)
