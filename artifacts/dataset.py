"""The dataset artifact: the frames and masks as they lie on disk, with tables that show what is in them.

data/…                       the files of the data set, in its own layout: `open_dataset` reads this folder
dataset.json                 content digest, layout, taxonomy, and the names of each split
frames.table.json            a row for each frame, with its mask as an overlay; points to the files under data/
class_frequency.table.json   pixels and images of each class in each split

A reference has all of it but the files under data/, and pictures of few frames. It is an artifact of its own, whose
name ends with `-reference`, so that every version of the dataset artifact itself can be trained on.
"""

from __future__ import annotations

import json
from pathlib import Path

import wandb

from artifacts.contents import DatasetLike, content_tables, frames_by_split
from artifacts.download import DATA_FOLDER, DESCRIPTION, REFERENCE, default_root, download_dataset, version_name
from artifacts.errors import naming, offline_error
from artifacts.leaving import settled
from artifacts.masks import class_colors
from artifacts.publish import publish

FORMAT = 1  # of the artifact; a new number makes new versions of unchanged data
UPLOAD = "`python -m artifacts dataset ROOT` uploads a data set"
LISTS = ("*.txt", "*.csv", "*.yaml")  # small files in the root that layouts need: codes.txt, class_dict.csv, splits

DataVersion = dict[str, str | None]


def log_dataset(run: wandb.Run, dataset: DatasetLike, name: str, *, digest: str) -> wandb.Artifact:
    """Log the data set of a run as the artifact `name`, and note its version in the run's config as `data_version`.

    Unchanged data makes no new version: online, a latest version with the same digest is used as it is, without an
    upload; else equal content has equal bytes. Files are read where they lie: an offline run that is synced later needs
    the data to be there.

    Args:
        run: the run that uses the data.
        dataset: the opened data set.
        name: the artifact's name, without a version.
        digest: `camvid`'s content digest.

    Raises:
        ValueError: a file is damaged or lies outside the root.
        ArtifactError: the server does not take it.
    """
    artifact = _unchanged(run, name, digest) or dataset_artifact(dataset, name, digest)
    logged = publish(run, artifact, use=True)
    _note_version(run, data_version(logged))
    return logged


def track_dataset(
    run: wandb.Run, dataset: DatasetLike, name: str, *, digest: str, log_data: str
) -> wandb.Artifact | None:
    """Note the data of a training in its run, and send of it what `log_data` allows (see `artifacts.leaving`).

    Where the server holds a version with this very content already, that one becomes the run's input.

    Args:
        run: the run that uses the data.
        dataset: the opened data set.
        name: the dataset artifact's name, without a version.
        digest: `camvid`'s content digest.
        log_data: auto, files, reference or none.

    Returns:
        What the run used or logged; None with none, where the server does not hold the data.

    Raises:
        ValueError, ArtifactError: as `log_dataset`.
    """
    policy = settled(run, log_data)
    if policy == "files":
        return log_dataset(run, dataset, name, digest=digest)
    artifact = _held(run, name, digest)
    if artifact:
        print(f"the server already has this data: {version_name(artifact)}", flush=True)
    elif policy == "none":
        _note_version(run, {"name": name, "version": None, "digest": digest})
        return None
    else:
        name = f"{name}-{REFERENCE}"
        artifact = _held(run, name, digest) or dataset_artifact(dataset, name, digest, reference=True)
    logged = publish(run, artifact, use=True)
    _note_version(run, data_version(logged))
    return logged


def use_dataset(run: wandb.Run, name: str, root: Path | None = None) -> Path:
    """Fetch a version of the dataset artifact, note it as an input of the run, and check every file against its digest.

    Args:
        run: the run that uses the data.
        name: name and version or alias, e.g. camvid:latest or entity/project/camvid:v3.
        root: the version gets a folder of its own under it; by default as in `artifacts.download.default_root`.

    Returns:
        The folder to open with `open_dataset`.

    Raises:
        ArtifactError: offline, unknown, damaged, or unsafe; the message names the artifact.
    """
    if run.offline or run.disabled:
        raise offline_error(name)
    with naming(name, "fetched", UPLOAD):
        artifact = run.use_artifact(name, type="dataset")
    folder = download_dataset(artifact, root or default_root())
    _note_version(run, data_version(artifact))
    return folder


def data_version(data: wandb.Artifact | str) -> DataVersion:
    """Name, version (null until a server has given one) and content digest of a dataset artifact, or a digest alone."""
    if isinstance(data, str):
        return {"name": None, "version": None, "digest": data}
    version = None if data.is_draft() else data.version
    return {"name": data.name.split(":")[0], "version": version, "digest": data.metadata["digest"]}


def dataset_artifact(dataset: DatasetLike, name: str, digest: str, *, reference: bool = False) -> wandb.Artifact:
    """The artifact, not yet logged; the same data gives the same bytes. Arguments and errors as in `log_dataset`."""
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
    artifact = wandb.Artifact(name, type="dataset", metadata=metadata)
    for path in () if reference else _files(dataset):
        artifact.add_file(str(path.absolute()), name=_entry(dataset.root, path), policy="immutable", skip_cache=True)
    with artifact.new_file(DESCRIPTION) as file:
        content = {
            "digest": digest,
            "layout": dataset.layout,
            "taxonomy": taxonomy.to_dict(),
            "splits": {split: [frame.name for frame in frames] for split, frames in frames_by_split(dataset)},
        }
        json.dump(content, file, indent=1, sort_keys=True)
    frames, classes = content_tables(dataset, reference=reference)
    artifact.add(classes, "class_frequency")
    artifact.add(frames, "frames")
    return artifact


def _unchanged(run: wandb.Run, name: str, digest: str) -> wandb.Artifact | None:
    """The latest version on the server if it holds this very data."""
    if run.offline or run.disabled:
        return None
    path = f"{run.entity}/{run.project}/{name}:latest"
    with naming(name, "logged"):
        api = wandb.Api()
        if not api.artifact_exists(path, "dataset"):
            return None
        latest = api.artifact(path, "dataset")
    same = (latest.metadata.get("digest"), latest.metadata.get("format")) == (digest, FORMAT)
    return latest if same else None


def _held(run: wandb.Run, name: str, digest: str) -> wandb.Artifact | None:
    """The newest version of the artifact on the server, not only the latest, that is of this very data."""
    if run.offline or run.disabled:
        return None
    path = f"{run.entity}/{run.project}/{name}"
    with naming(name, "searched"):
        api = wandb.Api()
        versions = api.artifacts("dataset", path) if api.artifact_collection_exists(path, "dataset") else ()
        return next((version for version in versions if version.metadata.get("digest") == digest), None)


def _note_version(run: wandb.Run, version: DataVersion) -> None:
    run.config.update({"data_version": version}, allow_val_change=True)  # type: ignore[no-untyped-call]


def _files(dataset: DatasetLike) -> list[Path]:
    lists = {path for pattern in LISTS for path in dataset.root.glob(pattern) if path.is_file()}
    pictures = {
        path for _, frames in frames_by_split(dataset) for frame in frames for path in (frame.image, frame.mask)
    }
    return sorted(lists | pictures)


def _entry(root: Path, path: Path) -> str:
    """The file's name in the artifact."""
    if not path.is_relative_to(root):
        raise ValueError(f"{path}: the file is outside the data set's folder {root}; only files in it can be logged")
    return f"{DATA_FOLDER}/{path.relative_to(root).as_posix()}"
