"""Logging the data of a run, noting where it lies, and fetching a version of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import wandb

from artifacts.contents import DatasetLike
from artifacts.dataset_artifact import FORMAT, dataset_artifact, files_of
from artifacts.download import REFERENCE, address_of, default_root, download_dataset, version_name
from artifacts.errors import naming, offline_error
from artifacts.leaving import settled
from artifacts.publish import publish

UPLOAD = "`python -m artifacts dataset ROOT` uploads a data set"

DataVersion = dict[str, str | None]
KEY = "data_version"  # in the run's config


def log_dataset(run: wandb.Run, dataset: DatasetLike, name: str, *, digest: str, key: str = KEY) -> wandb.Artifact:
    """Log the data set of a run as the artifact `name`, and note its version in the run's config.

    Unchanged data makes no new version: online, a latest version with the same digest is used as it is, without an
    upload; else equal content has equal bytes. Files are read where they lie: an offline run that is synced later needs
    the data to be there.

    Args:
        run: the run that uses the data.
        dataset: the opened data set.
        name: the artifact's name, without a version.
        digest: `camvid`'s content digest.
        key: the version's key in the run's config.

    Raises:
        ValueError: a file is damaged or lies outside the root.
        ArtifactError: the server does not take it.
    """
    return _publish(run, _unchanged(run, name, digest) or dataset_artifact(dataset, name, digest), key)


def at_once(job: Callable[[], object]) -> None:
    """Do a job now."""
    job()


def track_dataset(
    run: wandb.Run,
    dataset: DatasetLike,
    name: str,
    *,
    digest: str,
    log_data: str,
    key: str = KEY,
    later: Callable[[Callable[[], object]], None] = at_once,
) -> None:
    """Note the data of a training in its run, and send of it what `log_data` allows (see `artifacts.leaving`).

    Where the server holds a version with this very content already, that one becomes the run's input. With none, and
    until an artifact is made, only the name and the digest are noted.

    Args:
        run: the run that uses the data.
        dataset: the opened data set.
        name: the dataset artifact's name, without a version.
        digest: `camvid`'s content digest.
        log_data: auto, files, reference or none.
        key: the version's key in the run's config.
        later: takes the job that makes an artifact and sends it, which may take a minute.

    Raises:
        ValueError, ArtifactError: as `log_dataset`; those of the job come from it.
    """
    policy = settled(run, log_data, sum(path.stat().st_size for path in files_of(dataset)), name)
    files = policy == "files"
    if held := _unchanged(run, name, digest) if files else _held(run, name, digest):
        if not files:
            print(f"the server already has this data: {version_name(held)}", flush=True)
        _publish(run, held, key)
        return
    noted = f"{name}-{REFERENCE}" if policy == "reference" else name
    _note_version(run, {"name": noted, "version": None, "digest": digest}, key)
    if policy != "none":
        log = log_dataset if files else log_reference
        later(partial(log, run, dataset, name, digest=digest, key=key))


def log_reference(
    run: wandb.Run, dataset: DatasetLike, name: str, *, digest: str, address: str = "", key: str = KEY
) -> wandb.Artifact:
    """Log where the data set of a run lies, and what is in it, as the artifact `<name>-reference`.

    Args:
        run: the run that uses the data.
        dataset: the opened data set.
        name: the dataset artifact's name, without a version.
        digest: `camvid`'s content digest.
        address: of the same files elsewhere, s3://… or gs://…; empty is the root, as file://….
        key: the version's key in the run's config.

    Raises:
        ValueError: a file is damaged, or the address is none.
        ArtifactError: the server does not take it.
    """
    address, name = address or dataset.root.absolute().as_uri(), f"{name}-{REFERENCE}"
    held = _held(run, name, digest, address)
    return _publish(run, held or dataset_artifact(dataset, name, digest, reference=address), key)


def use_dataset(run: wandb.Run, name: str, root: Path | None = None, *, key: str = KEY) -> Path:
    """Fetch a version of the dataset artifact, note it as an input of the run, and check every file against its digest.

    Args:
        run: the run that uses the data.
        name: name and version or alias, e.g. camvid:latest or entity/project/camvid:v3.
        root: the version gets a folder of its own under it; by default as in `artifacts.download.default_root`.
        key: the version's key in the run's config.

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
    _note_version(run, data_version(artifact), key)
    return folder


def data_version(data: wandb.Artifact) -> DataVersion:
    """Name, version (null until a server has given one) and content digest of a dataset artifact."""
    version = None if data.is_draft() else data.version
    return {"name": data.name.split(":")[0], "version": version, "digest": data.metadata["digest"]}


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


def _held(run: wandb.Run, name: str, digest: str, address: str = "") -> wandb.Artifact | None:
    """The newest version on the server, not only the latest, of this very data; of a reference, at this address."""
    if run.offline or run.disabled:
        return None
    path = f"{run.entity}/{run.project}/{name}"
    with naming(name, "searched"):
        api = wandb.Api()
        versions = api.artifacts("dataset", path) if api.artifact_collection_exists(path, "dataset") else ()
        alike = (version for version in versions if version.metadata.get("digest") == digest)
        return next((version for version in alike if address_of(version) == address), None)


def _publish(run: wandb.Run, artifact: wandb.Artifact, key: str) -> wandb.Artifact:
    """Log or use the artifact, and note its version in the run's config."""
    logged = publish(run, artifact, use=True)
    _note_version(run, data_version(logged), key)
    return logged


def _note_version(run: wandb.Run, version: DataVersion, key: str) -> None:
    run.config.update({key: version}, allow_val_change=True)  # type: ignore[no-untyped-call]
