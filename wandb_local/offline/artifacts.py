"""The artifacts that an offline run logs. Their files are not copied, so they may be missing at the import."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from wandb_local.offline.protobuf import fields

# field numbers of ArtifactRecord, ArtifactManifest and ArtifactManifestEntry in wandb_internal.proto
_TYPE, _NAME, _MANIFEST = 4, 5, 12
_CONTENTS, _MANIFEST_FILE = 4, 5
_SIZE, _LOCAL_PATH = 4, 6
_LONGEST_LINE = 1 << 20  # of a listing; a longer one is cut, and then no JSON


@dataclass(frozen=True)
class LoggedArtifact:
    """An artifact in a log.

    Attributes:
        name: its name and, in brackets, its type.
        manifest: the protobuf message that lists its files.
    """

    name: str
    manifest: bytes

    def lacking(self) -> list[Path]:
        """The files of the artifact that were moved, or whose size has changed, since it was logged."""
        return [path for path, size in self._files() if not path.is_file() or path.stat().st_size != size]

    def _files(self) -> Iterator[tuple[Path, int]]:
        """The files and their sizes in bytes, without references."""
        for number, value in fields(self.manifest):
            if number == _CONTENTS:
                entry = dict(fields(value))
                if _LOCAL_PATH in entry:
                    yield Path(entry[_LOCAL_PATH].decode()), entry.get(_SIZE, 0)
            elif number == _MANIFEST_FILE:  # of an artifact with very many files
                yield from _files_of(Path(value.decode()))


def _files_of(listing: Path) -> Iterator[tuple[Path, int]]:
    """The same, from a file of JSON lines; if this file is missing, it is reported as missing."""
    if not listing.is_file():
        yield listing, 0
        return
    with gzip.open(listing, "rt") as lines:
        while line := lines.readline(_LONGEST_LINE):
            entry = json.loads(line)
            if entry.get("local_path"):
                yield Path(entry["local_path"]), entry.get("size", 0)


def logged_artifact(record: bytes) -> LoggedArtifact:
    """The artifact of an ``ArtifactRecord``."""
    found = dict(fields(record))
    name, kind = (found.get(number, b"").decode() for number in (_NAME, _TYPE))
    return LoggedArtifact(f"{name} ({kind})", found.get(_MANIFEST, b""))
