"""The dataset artifact: the frames, masks and depth as they lie on disk, with tables that show what is in them.

data/…                       the files of the data set, in its own layout: `open_dataset` reads this folder
dataset.json                 content digest, layout, taxonomy, and the names of each split
frames.table.json            a row for each frame, with its mask as an overlay; points to the files under data/
class_frequency.table.json   pixels and images of each class in each split

A reference has all of it but the files under data/, in whose place is one entry, `data`, with the address where they
lie (file://, s3://, gs://), and pictures of few frames. Nothing is copied. It is an artifact of its own, whose name
ends with `-reference`, so that every version of the dataset artifact itself can be trained on.
"""

from __future__ import annotations

import json
from pathlib import Path

import wandb
from wandb.sdk.artifacts.artifact_manifest_entry import ArtifactManifestEntry
from wandb.sdk.lib.paths import LogicalPath

from artifacts.contents import DatasetLike, content_tables, frames_by_split, shown_note
from artifacts.download import DATA_FOLDER, DESCRIPTION, REFERENCE
from artifacts.masks import class_colors

FORMAT = 1  # of the artifact; a new number makes new versions of unchanged data
SCHEMES = ("file://", "s3://", "gs://")  # of addresses
# Small files that layouts need: codes.txt, class_dict.csv, splits; Mapillary's names; VOC's splits.
LISTS = (
    *("*.txt", "*.csv", "*.yaml", "config*.json", "ImageSets/Segmentation/*.txt"),
    *("categories.json", "*_categories.json", "notes.json", "*/*.txt", "*/_classes.csv", "*/class_dict.csv"),
)


def dataset_artifact(dataset: DatasetLike, name: str, digest: str, *, reference: str = "") -> wandb.Artifact:
    """The artifact, not yet logged; the same data gives the same bytes.

    Args:
        dataset: the opened data set.
        name: the artifact's name, without a version.
        digest: `camvid`'s content digest.
        reference: the address of the files, which then stands for them.

    Raises:
        ValueError: a file is damaged or lies outside the root, or the address is none.
    """
    if reference and not reference.startswith(SCHEMES):
        raise ValueError(f"{reference!r} is no address of a data set; it begins with one of {', '.join(SCHEMES)}")
    taxonomy = dataset.taxonomy
    metadata = {
        "digest": digest,
        "format": FORMAT,
        "layout": dataset.layout,
        "taxonomy": {"name": taxonomy.name, "digest": taxonomy.digest, "classes": list(taxonomy.names)},
        "splits": {split: len(frames) for split, frames in sorted(dataset.splits.items())},
        "class_colors": class_colors(taxonomy),
    }
    metadata |= {"contents": REFERENCE} if reference else {}  # none in the others, whose bytes stay as they were
    frames, classes = content_tables(dataset, reference=bool(reference))
    pictures = sum(picture is not None for picture in frames.get_column("image"))
    note = shown_note(pictures, len(frames.data))
    artifact = wandb.Artifact(name, type="dataset", description=note or None, metadata=metadata)
    if reference:  # by hand: the client asks for a package and a key before it notes an address in a bucket
        artifact.manifest.add_entry(
            ArtifactManifestEntry(path=LogicalPath(DATA_FOLDER), ref=reference, digest=reference)
        )
    for path in () if reference else files_of(dataset):
        artifact.add_file(str(path.absolute()), name=_entry(dataset.root, path), policy="immutable", skip_cache=True)
    with artifact.new_file(DESCRIPTION) as file:
        content = {
            "digest": digest,
            "layout": dataset.layout,
            "taxonomy": taxonomy.to_dict(),
            "splits": {split: [frame.name for frame in frames] for split, frames in frames_by_split(dataset)},
        }
        json.dump(content, file, indent=1, sort_keys=True)
    artifact.add(classes, "class_frequency")
    artifact.add(frames, "frames")
    return artifact


def files_of(dataset: DatasetLike) -> list[Path]:
    """The frames and masks of all splits, their depth, and the lists and files that the layout needs."""
    lists = {path for pattern in LISTS for path in dataset.root.glob(pattern) if path.is_file()}
    frames = [frame for _, found in frames_by_split(dataset) for frame in found]
    pictures = {path for frame in frames for path in (frame.image, frame.mask) if path}
    depth = {path for frame in frames for path in dataset.depth_files(frame)}
    return sorted(lists | pictures | depth | {*dataset.unread})


def _entry(root: Path, path: Path) -> str:
    """The file's name in the artifact."""
    if not path.is_relative_to(root):
        raise ValueError(f"{path}: the file is outside the data set's folder {root}; only files in it can be logged")
    return f"{DATA_FOLDER}/{path.relative_to(root).as_posix()}"
