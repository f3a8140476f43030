"""Files that appear whole or not at all.

A file is written beside its place, flushed to the disk, and renamed: a reader, a kill or a full disk at any moment
finds the old file or the new one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path`, of the same suffix, to write to; on success it takes the place of `path`.

    After an error `path` is as it was before. Missing parent folders are made. What a kill leaves is overwritten by the
    next write of the same file, so that one process at a time may write it.

    Raises:
        OSError: naming `path`, for example when the disk is full.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.tmp{path.suffix}")
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        if error.errno is None or error.filename not in (None, str(temporary)):  # not the disk's, or of another file
            raise
        raise OSError(f"{path}: cannot be written ({error.strerror}); the file before it is kept") from error
    finally:
        temporary.unlink(missing_ok=True)


def write_whole(path: Path, content: str | bytes) -> None:
    """Write text in UTF-8, or bytes. Raises as `replacing` does."""
    with replacing(path) as temporary:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)
