"""A folder that appears whole, or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from files.interrupts import unwinding


@contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """A hidden folder beside `out` to fill; it takes the place of `out` at the end, and what a kill leaves is no `out`.

    Raises:
        FileExistsError: `out` is there and no empty folder.
    """
    out = out.absolute()
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise FileExistsError(f"{out}: not an empty folder; give a new one, or empty it first")
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_name(f".{out.name}.part")
    shutil.rmtree(part, ignore_errors=True)  # left by one that was killed
    with unwinding():
        try:
            part.mkdir()
            yield part
            if not out.exists():
                part.rename(out)
                return
            for path in part.iterdir():  # an empty folder may be where a disk is mounted
                shutil.move(path, out / path.name)
        finally:
            shutil.rmtree(part, ignore_errors=True)
