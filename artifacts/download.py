"""Fetching artifacts: into a folder of their own, every file checked, nothing written outside it."""

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
            f"artifact {artifact.name!r} is a reference without frames{lies}; "
            "`python -m artifacts dataset ROOT` uploads them"
        )
    _require(artifact, (DESCRIPTION,))
    return download(artifact, root) / DATA_FOLDER


def download(artifact: wandb.Artifact, root: Path) -> Path:
    """Download a logged artifact into a folder of its own under `root`, and check every file against its digest.

    Files that are there already are kept if they are whole; a damaged file, here or in the client's cache, is fetched
    again once. Of several processes that want it at the same time one fetches it, under a lock, and the others wait:
    the client writes in place, and a process that is hashing a file as another cuts it short dies of a bus error.

    Raises:
        ArtifactError: a name that leads out of the folder, a reference to another place, or damaged content.
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
    """Whether a dataset artifact tells of data that it does not hold."""
    return bool(artifact.metadata.get("contents") == REFERENCE)


def address_of(artifact: wandb.Artifact) -> str:
    """Where the files lie that a reference stands for; empty for an artifact that holds its files."""
    entry = artifact.manifest.entries.get(DATA_FOLDER)
    return str(entry.ref) if entry is not None and entry.ref else ""


def version_name(artifact: wandb.Artifact) -> str:
    """name:version; the artifact's own `name` has the alias by which it was asked for."""
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
    """A version on the server, by its name; `kind` is dataset or model. ArtifactError offline or where unknown."""
    require_server(name)
    with naming(name, "fetched"):
        artifact: wandb.Artifact = wandb.Api().artifact(name, type=kind)
    return artifact


def require_server(name: str) -> None:
    """ArtifactError where the artifact of that name would be looked for offline."""
    if tracking_mode() == "offline" or os.environ.get("WANDB_MODE") in ("offline", "disabled"):
        raise offline_error(name)


def _require(artifact: wandb.Artifact, files: Iterable[str]) -> None:
    missing = [file for file in files if file not in artifact.manifest.entries]
    if missing:
        raise ArtifactError(
            f"artifact {artifact.name!r} holds no {', '.join(missing)}: it was not made by this project"
        )


def _download_verified(artifact: wandb.Artifact, folder: Path, *, skip_cache: bool) -> None:
    artifact.download(root=str(folder), skip_cache=skip_cache)
    artifact.verify(root=str(folder))


def _check_entries(artifact: wandb.Artifact) -> None:
    """Only files of the artifact's own, under names that stay within its folder."""
    for name, entry in artifact.manifest.entries.items():
        if entry.ref is not None:
            raise ArtifactError(
                f"artifact {artifact.name!r}: {name!r} refers to {entry.ref}; only its own files are read"
            )
        if str(entry.path) != name or _escapes(name):
            raise ArtifactError(f"artifact {artifact.name!r}: the file name {name!r} leads out of its folder")


def _escapes(name: str) -> bool:
    paths = PurePosixPath(name), PureWindowsPath(name)
    return not name or any(path.anchor or ".." in path.parts for path in paths)
