"""A folder that a user names to be read, and a folder that appears complete, or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from files.interrupts import unwinding
from files.whole import FULL, unwritten


def require_folder(root: Path) -> None:
    """Raises FileNotFoundError or NotADirectoryError for a data set's root that is no folder."""
    fix = "give the folder that holds the data set"
    if root.is_file():
        raise NotADirectoryError(f"{root}: a file, and no folder; {fix}")
    if not root.is_dir():
        raise FileNotFoundError(f"{root}: no such folder; {fix}")


def require_outside(out: Path, root: Path) -> None:
    """Raises ValueError for a folder to make that lies in the folder that is read."""
    if out.resolve().is_relative_to(root.resolve()):
        raise ValueError(f"{out}: lies in {root}, which is read; give a folder outside of it")


@contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """A hidden folder beside `out`, to be filled. At the end it is renamed to `out`. After a kill there is no `out`.

    Raises:
        FileExistsError: `out` exists and is not an empty folder.
        NotADirectoryError: a folder above it is a file.
        OSError: naming `out`, for example when the disk is full.
    """
    out = out.absolute()
    if file := next((path for path in out.parents if path.is_file()), None):
        raise NotADirectoryError(f"{out}: {file} is a file, and no folder can be made in it; give another one")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise FileExistsError(f"{out}: not an empty folder; give a new one, or empty it first")
    part = out.with_name(f".{out.name}.part")
    shutil.rmtree(part, ignore_errors=True)  # left by one that was killed
    with unwinding(), _disk_of(out, part):
        try:
            part.mkdir(parents=True)
            yield part
            if not out.exists():
                part.rename(out)
                return
            for path in part.iterdir():  # an empty folder may be where a disk is mounted
                shutil.move(path, out / path.name)
        finally:
            shutil.rmtree(part, ignore_errors=True)


@contextmanager
def _disk_of(out: Path, part: Path) -> Iterator[None]:
    """Names `out` in errors of its disk, in place of files of its hidden folder or of none; others are left."""
    try:
        yield
    except OSError as error:
        named = [Path(str(name)) for name in (error.filename, error.filename2) if name]
        if any(path.is_relative_to(part) or path in out.parents for path in named) or error.errno in FULL:
            raise unwritten(out, error) from error
        raise
