"""File contents, stored once each under the MD5 of their bytes: the name that W&B's protocol itself gives them."""

import asyncio
import contextlib
import hashlib
import os
import re
import secrets
import shutil
import threading
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from wandb_local.errors import ClientError
from wandb_local.store.database import Database
from wandb_local.store.durable import sync
from wandb_local.store.folder import DataFolder

_MD5 = re.compile(r"[0-9a-f]{32}")
_CHUNK = 1 << 20
_CHEAP = 1 << 14  # bytes whose digest takes no longer than opening their file


@dataclass(frozen=True)
class Received:
    """Bytes that have arrived on the disk, in a temporary file, and are not stored yet."""

    path: Path
    md5: str
    size: int


class DigestMismatchError(ClientError):
    """The bytes that arrived are not the ones that were promised."""


class BlobStore:
    """Blobs on disk, with a row each in the database. A row exists only once the bytes are in place."""

    def __init__(self, folder: DataFolder, database: Database) -> None:
        self._folder = folder
        self._db = database
        self._joining: set[str] = set()
        self._joining_guard = threading.Lock()

    def path(self, md5: str) -> Path:
        """The path of the blob with a digest."""
        if not _MD5.fullmatch(md5):
            raise ClientError(f"not an MD5 digest: {md5!r}")
        return self._folder.blob(md5)

    async def receive(self, chunks: AsyncIterator[bytes], expected_md5: str | None) -> Received:
        """Write a request body to a temporary file, hashing it on the way; memory use does not depend on its size.

        Raises:
            DigestMismatchError: the bytes have another MD5 than ``expected_md5``.
        """
        path = self._temporary()
        digest, size = hashlib.md5(usedforsecurity=False), 0
        try:
            with path.open("xb") as handle:
                async for chunk in chunks:
                    digest.update(chunk)
                    handle.write(chunk)
                    size += len(chunk)
            received = self._checked(Received(path, digest.hexdigest(), size), expected_md5)
            await asyncio.to_thread(sync, path)
            return received
        except BaseException:
            path.unlink(missing_ok=True)
            raise

    def join(self, parts: Iterable[Path], expected_md5: str) -> Received:
        """Concatenate the parts of a multipart upload into a temporary file.

        Raises:
            DigestMismatchError: the joined file has another MD5 than ``expected_md5``.
        """
        path = self._temporary()
        digest, size = hashlib.md5(usedforsecurity=False), 0
        try:
            with path.open("xb") as target:
                for part in parts:
                    with part.open("rb") as source:
                        while chunk := source.read(_CHUNK):
                            digest.update(chunk)
                            target.write(chunk)
                            size += len(chunk)
            received = self._checked(Received(path, digest.hexdigest(), size), expected_md5)
            sync(path)
            return received
        except BaseException:
            path.unlink(missing_ok=True)
            raise

    def keep(self, received: Received) -> str:
        """Move received bytes into the store; answers their digest. Storing the same bytes twice is harmless."""
        target = self.path(received.md5)
        with self._db.write() as connection:  # the file moves under the writer's lock, so that gc cannot come between
            self._move(received.path, target)
            connection.execute(
                "INSERT INTO blobs (md5, size, touched_at) VALUES (?, ?, ?)"
                " ON CONFLICT (md5) DO UPDATE SET touched_at = excluded.touched_at",
                (received.md5, received.size, time.time()),
            )
        return received.md5

    def keep_bytes(self, data: bytes) -> str:
        """Store bytes that the server made itself."""
        path = self._temporary()
        path.write_bytes(data)
        sync(path)
        return self.keep(Received(path, _md5(data), len(data)))

    def touch(self, md5: str) -> bool:
        """Whether the blob is stored; if so, ``gc`` leaves it alone for a while.

        A blob that was damaged on the disk counts as absent, so that the next upload of the same bytes repairs it.
        """
        with self._db.write() as connection:
            size = self._db.value("SELECT size FROM blobs WHERE md5 = ?", (md5,))
            if not self.is_whole(md5, size) or (size <= _CHEAP and _md5(self.path(md5).read_bytes()) != md5):
                return False
            connection.execute("UPDATE blobs SET touched_at = ? WHERE md5 = ?", (time.time(), md5))
            return True

    def is_whole(self, md5: str, size: int | None) -> bool:
        """Whether the file of a blob exists and has the recorded size."""
        try:
            return self.path(md5).stat().st_size == size
        except FileNotFoundError:
            return False

    def part_folder(self, upload_id: str) -> Path:
        """Where the parts of one multipart upload wait."""
        if not _MD5.fullmatch(upload_id):
            raise ClientError(f"not an upload id: {upload_id!r}")
        return self._folder.uploads / f"parts-{upload_id}"

    def keep_part(self, upload_id: str, number: int, received: Received) -> None:
        """Put one part of a multipart upload in place."""
        self._move(received.path, self.part_folder(upload_id) / f"{number:06d}")

    def drop_parts(self, upload_id: str) -> None:
        """Forget a multipart upload."""
        shutil.rmtree(self.part_folder(upload_id), ignore_errors=True)

    def stale_parts(self, moment: float) -> list[Path]:
        """The folders of multipart uploads that have stood still since before a moment."""
        return [path for path in self._folder.uploads.glob("parts-*") if path.stat().st_mtime < moment]

    def drop(self, folders: Iterable[Path]) -> None:
        """Forget multipart uploads, by their folders."""
        for path in folders:
            shutil.rmtree(path, ignore_errors=True)

    def files_before(self, moment: float) -> list[Path]:
        """The files in the places of blobs that were written before a moment, known or not."""
        return [path for path in self._folder.blobs.glob("??/*") if path.stat().st_mtime < moment]

    def delete_file(self, md5: str) -> None:
        """Delete the file of a blob that is not recorded; the writers' lock is held."""
        self._folder.blob(md5).unlink(missing_ok=True)

    @contextlib.contextmanager
    def joining(self, upload_id: str) -> Iterator[None]:
        """Let one request at a time join the parts of an upload.

        Raises:
            BlockingIOError: another request is joining them; the client tries again later.
        """
        with self._joining_guard:
            if upload_id in self._joining:
                raise BlockingIOError("the parts of the upload are already being joined")
            self._joining.add(upload_id)
        try:
            yield
        finally:
            self._joining.discard(upload_id)

    def _move(self, source: Path, target: Path) -> None:
        if not target.parent.is_dir():
            target.parent.mkdir(exist_ok=True)
            self._db.unsettled.note(target.parent.parent)
        source.replace(target)
        self._db.unsettled.note(target.parent)

    def _temporary(self) -> Path:
        return self._folder.uploads / f"tmp-{os.getpid()}-{secrets.token_hex(8)}"

    def _checked(self, received: Received, expected_md5: str | None) -> Received:
        if expected_md5 is not None and received.md5 != expected_md5:
            raise DigestMismatchError(f"the MD5 of the upload is {received.md5}, but {expected_md5} was announced")
        return received


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()
