"""Named files in the stores: those of an artifact's version or of a run, also behind references."""

from __future__ import annotations

import binascii
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from wandb_local.allowance import Allowance
from wandb_local.context import Context
from wandb_local.errors import NotFoundError
from wandb_local.names import from_id
from wandb_local.records.artifacts.collections import find_client_member
from wandb_local.records.artifacts.lists import place_of
from wandb_local.records.artifacts.versions import find_artifact, find_by_client
from wandb_local.records.files import StoredFiles, of_run, of_version
from wandb_local.web.media import artifact_file_url, run_file_url
from wandb_local.web.table.cells import File

_ADDRESS = re.compile(r"wandb-(client-)?artifact://([^/:]+)(?::([^/]+))?/(.+)", re.DOTALL)
_LONGEST_PATH = 20  # references to references


class Files:
    """Named files in the stores: those of an artifact's version or of a run. ``about`` is the version's metadata."""

    about: Mapping[str, Any] = {}

    def __init__(self, context: Context, stored: StoredFiles) -> None:
        self._context = context
        self._stored = stored
        self._others: dict[str, Files | None] = {}  # by the address that references begin with
        self._digests: dict[str, str] | None = None

    def url(self, path: str) -> str:
        """The address from which a browser gets a file."""
        raise NotImplementedError

    def paths(self, end: str) -> list[str]:
        """The paths of all files that end so."""
        return [path for path in self._stored.paths() if path.endswith(end)]

    def absent(self, paths: Iterable[str]) -> set[str]:
        """The paths whose content is not stored directly: they are references, or missing."""
        return {*paths}.difference(self._stored.paths_with_bytes())

    def find(self, path: object, depth: int = 0) -> File | None:
        """A stored file, also behind references to other artifacts; None if its bytes are not here."""
        md5, reference = self._stored.entry(str(path))
        if md5:
            return File(self, str(path), md5)
        match = _ADDRESS.fullmatch(reference) if reference and depth < _LONGEST_PATH else None
        if match is None:
            return None
        address = match.string[: match.start(4)]
        if address not in self._others:
            target = follow(self._context, reference)
            self._others[address] = target[0] if target else None
        other = self._others[address]
        return other.find(match[4], depth + 1) if other else None

    def md5(self, path: str) -> str:
        """The MD5 of a file whose bytes are here; empty if they are not any more."""
        if (digests := self._digests) is not None:
            return digests.get(path, "")
        return self._stored.digest(path) or ""

    @contextmanager
    def listed(self) -> Iterator[None]:
        """Within this, the MD5 of each file is at hand: for whoever asks for most of them. They take much memory."""
        self._digests = self._stored.digests()
        try:
            yield
        finally:
            self._digests = None

    def holds(self, file: File) -> bool:
        """Whether the content of a file is on the disk."""
        return bool(file.md5) and self._context.blobs.path(file.md5).is_file()

    def read(self, file: File, left: Allowance | None = None) -> bytes:
        """The bytes of a file, within an allowance.

        Raises:
            NotFoundError: they are not stored.
            TooLargeError: they are more than is left.
        """
        try:
            return (left or Allowance()).read(self._context.blobs.path(file.md5))
        except FileNotFoundError:
            raise NotFoundError(f"{file.path}: the content of this file is not stored") from None


class ArtifactFiles(Files):
    """The files of an artifact's version; ``place`` is its entity, project, name and version."""

    def __init__(self, context: Context, artifact_id: int) -> None:
        super().__init__(context, of_version(context.db, artifact_id))
        row = place_of(context.db, artifact_id, metadata=True)
        if row is None:
            raise NotFoundError("the artifact with the table is not complete yet")
        self.type = str(row["type"])
        self.place = (row["entity"], row["project"], row["name"], f"v{row['version']}")
        about = json.loads(row["metadata"] or "{}")
        self.about = about if isinstance(about, dict) else {}

    def url(self, path: str) -> str:
        """``/_media/artifacts/…``."""
        return artifact_file_url(*self.place, path)


class RunFiles(Files):
    """The files that a run has uploaded."""

    def __init__(self, context: Context, place: tuple[str, str, str], run_id: int) -> None:
        super().__init__(context, of_run(context.db, run_id))
        self._place = place

    def url(self, path: str) -> str:
        """``/_media/runs/…``."""
        return run_file_url(*self._place, path)


def follow(context: Context, address: object) -> tuple[Files, str] | None:
    """The files and the path that ``wandb-client-artifact://…`` or ``wandb-artifact://…`` means, or None."""
    match = _ADDRESS.fullmatch(address) if isinstance(address, str) else None
    if match is None:
        return None
    by_client, name, alias, path = match.groups()
    try:
        artifact_id = _by_client(context, name, alias) if by_client else _by_id(context, name)
        return (ArtifactFiles(context, artifact_id), path) if artifact_id is not None else None
    except NotFoundError:
        return None


def _by_id(context: Context, name: str) -> int | None:
    try:
        opaque = binascii.b2a_base64(bytes.fromhex(name), newline=False).decode()
    except ValueError:
        return None
    artifact = find_artifact(context, from_id("Artifact", opaque))
    return None if artifact is None else artifact["id"]


def _by_client(context: Context, client_id: str, alias: str | None) -> int | None:
    if alias is None:
        artifact = find_by_client(context, client_id)
        return None if artifact is None else artifact["id"]
    place = find_client_member(context, client_id, alias)
    return None if place is None else place["artifact_id"]
