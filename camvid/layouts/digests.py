"""Digests of what is read of a data set, by which versions and entries of the cache are known."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from camvid.layouts.dataset import Frame, RoadDataset
from camvid.layouts.facts import Fact, file_facts


def content_digest(dataset: RoadDataset) -> str:
    """SHA-256 over frame names, what is read of the files, splits, taxonomy and label table, wherever the files lie.

    The files are images, masks, and depth with its cameras if the frames have it.
    """
    digest = hashlib.sha256(dataset.taxonomy.digest.encode())
    digest.update(json.dumps(dataset.labels.table).encode())
    for split, frames in sorted(dataset.splits.items()):
        ordered = sorted(frames, key=lambda frame: frame.name)
        found = zip(ordered, frame_digests(dataset, ordered), depth_digests(dataset, ordered), strict=True)
        for frame, files, depth in found:
            digest.update(json.dumps([split, frame.name, *files, *depth]).encode())
    return digest.hexdigest()


def frame_digests(dataset: RoadDataset, frames: Sequence[Frame]) -> list[tuple[str, str]]:
    """SHA-256 of what is read of each frame: of its image and of its mask, each with what is done to it.

    That of a mask that is missing is empty. Raises ValueError naming a file that is no picture, or is cut short.
    """
    images = [(frame.image, False) for frame in frames]
    masks = [(frame.mask, True) for frame in frames if frame.mask]
    files = [*images, *masks]
    facts = dict(zip(files, file_facts(dataset.root, files), strict=True))
    for (path, _), fact in facts.items():
        if fact.size is None:
            dataset.complain(path)
    found = {path: fact.digest for (path, _), fact in facts.items()}
    return [(found[frame.image], found[frame.mask] if frame.mask else "") for frame in frames]


def depth_digests(dataset: RoadDataset, frames: Sequence[Frame]) -> list[tuple[str, ...]]:
    """SHA-256 of the depth and of the camera of each frame; empty for a frame without depth.

    That they can be used is not checked, as a training without depth does not need it.
    """
    files = [dataset.depth_files(frame) for frame in frames]
    facts = _depth_facts(dataset, files)
    return [tuple(facts[path].digest for path in paths) for paths in files]


def require_whole_depth(dataset: RoadDataset, frames: Sequence[Frame]) -> None:
    """Raises ValueError naming a picture of depth that is cut short."""
    for path, fact in _depth_facts(dataset, [dataset.depth_files(frame) for frame in frames]).items():
        if fact.size is None and path.suffix.lower() == ".png":
            dataset.complain(path)


def _depth_facts(dataset: RoadDataset, files: Iterable[tuple[Path, ...]]) -> dict[Path, Fact]:
    listed = list(dict.fromkeys(path for paths in files for path in paths))
    return dict(zip(listed, file_facts(dataset.root, [(path, True) for path in listed]), strict=True))
