"""Files that are written atomically.

A file is written under a temporary name, flushed to the disk, and renamed. So after a kill or with a full disk, and for
a reader at any moment, there is either the old file or the new one.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from files.interrupts import unwinding

FULL = (errno.ENOSPC, errno.EDQUOT)  # codes of a disk on which nothing is free, for anybody or for this user


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path`, with the same suffix, to write to; on success it is renamed to `path`.

    After an error `path` is unchanged. Missing parent folders are made. A temporary file that a kill leaves behind is
    overwritten by the next write of the same file, so only one process at a time may write a file.

    Raises:
        OSError: naming `path`, for example when the disk is full.
    """
    temporary = path.with_name(f".{path.stem}.tmp{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritten(path, error) from error
    try:
        with unwinding():
            yield temporary
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
            temporary.replace(path)
    except OSError as error:
        if error.errno is None or error.filename not in (None, str(temporary)):  # not the disk's, or of another file
            raise
        raise unwritten(path, error, "; the previous file, if any, is kept") from error
    finally:
        with suppress(OSError):  # of a disk that can only be read, where there is none
            temporary.unlink(missing_ok=True)


def unwritten(path: Path, error: OSError, kept: str = "") -> OSError:
    """The error of a file or folder that the disk does not take, with its own path and what to do."""
    fix = "make room on that disk" if error.errno in FULL else "give a place that can be written"
    return OSError(f"{path}: cannot be written ({error.strerror}){kept}; {fix}")


def write_whole(path: Path, content: str | bytes) -> None:
    """Write text in UTF-8, or bytes. Raises as `replacing` does."""
    with replacing(path) as temporary:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)
