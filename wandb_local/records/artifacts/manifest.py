"""Artifact manifests, format version 1: which file of a version has which content."""

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wandb_local.allowance import Allowance
from wandb_local.errors import ClientError
from wandb_local.limits import TooLargeError
from wandb_local.names import checked_path


@dataclass(frozen=True)
class Entry:
    """One file: the digest of its bytes (None for a reference), or the address that it refers to."""

    md5: str | None
    ref: str | None
    size: int


@dataclass(frozen=True)
class Manifest:
    """A manifest: its JSON, the entries by path, and the digest if the server worked it out (``""`` otherwise)."""

    document: dict[str, Any]
    entries: dict[str, Entry]
    digest: str = ""

    @classmethod
    def read(cls, path: Path) -> "Manifest":
        """The manifest in a stored file; raises ClientError like ``parse``, and OSError if it cannot be read."""
        return cls.parse(Allowance().read(path))

    @classmethod
    def parse(cls, data: bytes) -> "Manifest":
        """Read a manifest file.

        Raises:
            ClientError: not a manifest of version 1, or one with too many entries.
        """
        try:
            document = Allowance().json(data)
            contents = document["contents"]
            entries = {checked_path(path): _entry(given) for path, given in contents.items()}
        except TooLargeError as error:
            raise TooLargeError(f"the artifact's manifest: {error}") from None
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise ClientError(f"the artifact's manifest cannot be read: {error!r}") from None
        return cls(document, entries)

    @classmethod
    def merged(cls, manifests: "Sequence[Manifest]") -> "Manifest":
        """One manifest with the entries of all manifests; for the same path, the last entry counts."""
        contents: dict[str, Any] = {}
        entries: dict[str, Entry] = {}
        for manifest in manifests:
            contents.update(manifest.document["contents"])
            entries.update(manifest.entries)
        return cls({**manifests[-1].document, "contents": contents}, entries, _digest(contents))

    def to_bytes(self) -> bytes:
        """The manifest as a file."""
        return json.dumps(self.document, separators=(",", ":")).encode()


def _entry(given: dict[str, Any]) -> Entry:
    ref = given.get("ref")
    size = given.get("size")
    md5 = None if ref is not None else md5_from_base64(given["digest"])
    return Entry(md5, ref, size if isinstance(size, int) and size >= 0 else 0)


def _digest(contents: dict[str, Any]) -> str:
    """The digest of a version by W&B's rule: MD5 over the sorted paths and the entries' digests."""
    lines = [f"{path}:{contents[path]['digest']}\n" for path in sorted(contents)]
    return hashlib.md5(("wandb-artifact-manifest-v1\n" + "".join(lines)).encode(), usedforsecurity=False).hexdigest()


def md5_from_base64(text: Any) -> str:
    """The hexadecimal MD5 of one in base64, which is how the client writes them.

    Raises:
        ClientError: not a base64 MD5.
    """
    try:
        digest = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError, TypeError):
        digest = b""
    if len(digest) != 16:
        raise ClientError(f"{text!r} is not an MD5 in base64")
    return digest.hex()


def md5_to_base64(md5: str) -> str:
    """The base64 form of a hexadecimal MD5."""
    return base64.b64encode(bytes.fromhex(md5)).decode()
