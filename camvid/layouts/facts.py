"""What is known of the files of a data set without reading them again: digests and sizes, in the user's cache folder.

A file is read again where its length, its inode, or the time of its last change differs from what was noted: that of
the content (mtime), which programs can set back, or that of the inode (ctime), which they cannot.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from filelock import FileLock
from platformdirs import user_cache_path
from tqdm import tqdm

from files.ordered import map_ordered
from files.pictures import beyond_decoding, read_bytes, whole_size
from files.whole import write_whole

FORMAT = 2  # raised when the same bytes give other facts
SETTLED = 2.0  # seconds; a file that changed later may change again within the same tick of the disk's clock

File = tuple[Path, bool]  # a picture, and whether it is a label
Notes = Mapping[str, list[Any]]  # name of each file: its state, and its facts


class Fact(NamedTuple):
    """A file's SHA-256, of its bytes and of what is done to them, and its height and width; None if it is not whole."""

    digest: str
    size: tuple[int, int] | None


def file_facts(root: Path, files: Sequence[File]) -> list[Fact]:
    """The facts of files of a data set; each is read once, and again when it has changed.

    Args:
        root: of the data set, whose facts lie in one file. It appears whole, and several processes may add to it. Where
            it cannot be written, nothing is lost but time.
        files: those that are asked for.

    Raises:
        ValueError: naming a file that cannot be read, or a root that is missing.
    """
    if not root.is_dir():  # opened on another machine, whose process leads the training
        raise ValueError(
            f"{root}: no such folder on this machine: a training on several takes its data from a folder that all of "
            "them see (for --dataset, WANDB_ARTIFACT_DIR names one)"
        )
    store = user_cache_path("camvid-harness") / "facts" / f"{_short(str(root.resolve()))}.json"
    names = [str(path.relative_to(root) if path.is_relative_to(root) else path.absolute()) for path, _ in files]
    wanted = dict(zip(names, files, strict=True))
    notes = _load(store)
    if _changed(wanted, notes):
        with _alone(store):
            notes = _load(store)  # others may have read them meanwhile
            made = _read_all(_changed(wanted, notes))
            with contextlib.suppress(OSError):
                _write(store, root, {**notes, **{name: note for name, note in made.items() if _settled(note)}})
        notes = {**notes, **made}
    return [_fact(notes[name]) for name in names]


def _changed(files: Mapping[str, File], notes: Notes) -> dict[str, File]:
    """Those of the files that differ from what is noted of them, or of which nothing is."""
    states = {name: _state(file) for name, file in files.items()}
    return {name: files[name] for name, state in states.items() if notes.get(name, [])[: len(state)] != state}


def _read_all(files: Mapping[str, File]) -> dict[str, list[Any]]:
    reading = map_ordered(_read, files.values())
    bar = tqdm(reading, "reading", len(files), unit="file", leave=False, delay=2)
    return dict(zip(files, bar, strict=True))


def _state(file: File) -> list[Any]:
    """What tells whether a file is the one that was read."""
    path, label = file
    try:
        found = path.stat()
    except OSError as error:
        raise ValueError(f"{path}: cannot be read ({error.strerror})") from error
    return [label, found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino]


def _read(file: File) -> list[Any]:
    """State and facts; the state is that before the reading, so that a change meanwhile is noticed the next time."""
    path, label = file
    state, data = _state(file), read_bytes(path)
    try:
        size = whole_size(path, data)
    except ValueError:  # who needs the picture says what is wrong
        size = None
    return [*state, hashlib.sha256(data + beyond_decoding(data, label)).hexdigest(), size]


def _settled(note: list[Any]) -> bool:
    return bool(max(note[2], note[3]) < time.time_ns() - SETTLED * 1e9)


def _fact(note: list[Any]) -> Fact:
    *_, digest, size = note
    return Fact(digest, size and (size[0], size[1]))


def _load(store: Path) -> Notes:
    try:
        content = json.loads(store.read_bytes())
    except (OSError, ValueError):
        return {}
    notes: Notes = content["files"] if isinstance(content, dict) and content.get("format") == FORMAT else {}
    return notes


def _write(store: Path, root: Path, notes: Notes) -> None:
    """Replaces what is noted, without the files that are gone; the caller is alone."""
    there = {name: note for name, note in notes.items() if (root / name).exists()}
    write_whole(store, json.dumps({"format": FORMAT, "root": str(root), "files": there}))


@contextmanager
def _alone(store: Path) -> Iterator[None]:
    """One process at a time reads files and notes what it has read; all do where nothing can be written."""
    lock = FileLock(store.with_suffix(".lock"))
    with contextlib.suppress(OSError):
        store.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _short(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
