"""Fetch an artifact into a folder of its own; every file is checked, and nothing is written outside the folder."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath, PureWindowsPath

import wandb
from filelock import FileLock
from platformdirs import user_cache_path

from artifacts.errors import ArtifactError, naming, offline_error
from artifacts.model import MODEL_FILES
from artifacts.run import tracking_mode

DATA_FOLDER = "data"  # in a dataset artifact: the files in their own layout
DESCRIPTION = "dataset.json"
REFERENCE = "reference"  # ends the name of a dataset artifact without frames, and stands in its metadata


def fetch_model(name: str, root: Path | None = None) -> Path:
    """Fetch a model artifact; returns a folder for `models.saved.load_model`.

    Args:
        name: entity/project/name:version or :alias; entity and project default to the client's settings.
        root: the version gets a folder of its own under it; by default WANDB_ARTIFACT_DIR or the user's cache folder.

    Raises:
        ArtifactError: offline, unknown, damaged, unsafe, or without the files of a model.
    """
    return download_model(find_artifact(name, "model"), root)


def download_model(artifact: wandb.Artifact, root: Path | None = None) -> Path:
    """Download a model artifact as `download` does; returns a folder for `models.saved.load_model`."""
    _require(artifact, MODEL_FILES)
    return download(artifact, root or default_root())


def download_dataset(artifact: wandb.Artifact, root: Path) -> Path:
    """Download a dataset artifact as `download` does; returns the folder in it that `open_dataset` reads.

    Raises:
        ArtifactError: as `download`, or the artifact is a reference.
    """
    if is_reference(artifact):
        where = address_of(artifact)
        lies = f"; they lie at {where}: give --data FOLDER, the folder there, or a copy" if where else ""
        raise ArtifactError(
            f"artifact {artifact.name!r} is a reference without frames{lies}; upload them by `python -m artifacts "
            "dataset ROOT`"
        )
    _require(artifact, (DESCRIPTION,))
    return download(artifact, root) / DATA_FOLDER


def download(artifact: wandb.Artifact, root: Path) -> Path:
    """Download a logged artifact into a folder of its own under `root`, and check every file against its digest.

    Files that already exist are kept if they are undamaged. A damaged file, here or in the client's cache, is fetched
    again once. If several processes want the artifact at the same time, one fetches it under a lock and the others
    wait. The lock is needed because the client writes files in place: a process that hashes a file while another one
    truncates it is killed by a bus error.

    Raises:
        ArtifactError: a file name points outside the folder, a file is a reference, or the content is damaged.
    """
    _check_entries(artifact)
    name = f"{artifact.entity}/{artifact.project}/{version_name(artifact)}"  # no alias: they move
    folder = root / folder_name(f"{name}-{artifact.digest[:12]}")  # another server may have other data of that name
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_name(f".{folder.name}.lock")):
        try:
            _download_verified(artifact, folder, skip_cache=False)
        except ValueError:
            try:
                _download_verified(artifact, folder, skip_cache=True)
            except ValueError as error:
                raise ArtifactError(
                    f"artifact {artifact.name!r} is damaged ({error}); delete {folder} and fetch it again"
                ) from error
    return folder


def is_reference(artifact: wandb.Artifact) -> bool:
    """Whether a dataset artifact describes data without holding its frames."""
    return bool(artifact.metadata.get("contents") == REFERENCE)


def address_of(artifact: wandb.Artifact) -> str:
    """Where the files lie that a reference stands for; empty for an artifact that holds its files."""
    entry = artifact.manifest.entries.get(DATA_FOLDER)
    return str(entry.ref) if entry is not None and entry.ref else ""


def version_name(artifact: wandb.Artifact) -> str:
    """name:version; the artifact's own `name` may have an alias in place of the version."""
    return f"{collection(artifact)}:{artifact.version}"


def collection(artifact: wandb.Artifact) -> str:
    """The artifact's name without version or alias."""
    return artifact.name.split(":")[0]


def folder_name(qualified_name: str) -> Path:
    """entity/project/name:version-digest as a path of letters, digits, dots, dashes and underscores alone."""
    return Path(*(re.sub(r"[^A-Za-z0-9._-]+|^\.+", "-", part) for part in qualified_name.split("/")))


def default_root() -> Path:
    """WANDB_ARTIFACT_DIR, or the user's cache folder; never the client's default ./artifacts, which is this package."""
    chosen = os.environ.get("WANDB_ARTIFACT_DIR")
    return Path(chosen) if chosen else user_cache_path("camvid-harness") / "artifacts"


def find_artifact(name: str, kind: str) -> wandb.Artifact:
    """A version on the server, by its name; `kind` is dataset or model. Raises ArtifactError offline or if unknown."""
    require_server(name)
    with naming(name, "fetched"):
        artifact: wandb.Artifact = wandb.Api().artifact(name, type=kind)
    return artifact


def require_server(name: str) -> None:
    """Raise ArtifactError if the client is offline, so that the artifact cannot be fetched."""
    if tracking_mode() == "offline" or os.environ.get("WANDB_MODE") in ("offline", "disabled"):
        raise offline_error(name)


def _require(artifact: wandb.Artifact, files: Iterable[str]) -> None:
    missing = [file for file in files if file not in artifact.manifest.entries]
    if missing:
        raise ArtifactError(
            f"artifact {artifact.name!r} has no {', '.join(missing)}; use an artifact that this project made"
        )


def _download_verified(artifact: wandb.Artifact, folder: Path, *, skip_cache: bool) -> None:
    artifact.download(root=str(folder), skip_cache=skip_cache)
    artifact.verify(root=str(folder))


def _check_entries(artifact: wandb.Artifact) -> None:
    """Only files of the artifact's own, under names that stay within its folder."""
    for name, entry in artifact.manifest.entries.items():
        if entry.ref is not None:
            raise ArtifactError(
                f"artifact {artifact.name!r}: {name!r} refers to {entry.ref}; only the artifact's own files are read"
            )
        if str(entry.path) != name or _escapes(name):
            raise ArtifactError(
                f"artifact {artifact.name!r}: the file name {name!r} points outside the artifact's folder"
            )


def _escapes(name: str) -> bool:
    paths = PurePosixPath(name), PureWindowsPath(name)
    return not name or any(path.anchor or ".." in path.parts for path in paths)
