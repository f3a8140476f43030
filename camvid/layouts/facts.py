"""What is known of the files of a data set without reading them again: digests and sizes, in the user's cache folder.

A file is read again where its length, its inode, or the time of its last change differs from what was noted: that of
the content (mtime), which programs can set back, or that of the inode (ctime), which they cannot.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from filelock import FileLock
from platformdirs import user_cache_path
from tqdm import tqdm

from files.ordered import map_ordered
from files.pictures import beyond_decoding, picture_size
from files.whole import write_whole

FORMAT = 1  # raised when the same bytes give other facts
SETTLED = 2.0  # seconds; a file that changed later may change again within the same tick of the disk's clock

File = tuple[Path, bool]  # a picture, and whether it is a label
Notes = Mapping[str, list[Any]]  # name of each file: its state, and its facts


class Fact(NamedTuple):
    """A file's SHA-256, of its bytes and of what is done to them, and its height and width; None for no picture."""

    digest: str
    size: tuple[int, int] | None


def file_facts(root: Path, files: Sequence[File]) -> list[Fact]:
    """The facts of files of a data set; each is read once, and again when it has changed.

    Args:
        root: of the data set, whose facts lie in one file. It appears whole, and several processes may add to it. Where
            it cannot be written, nothing is lost but time.
        files: those that are asked for.

    Raises:
        ValueError: naming a file that cannot be read.
    """
    store = user_cache_path("camvid-harness") / "facts" / f"{_short(str(root.resolve()))}.json"
    names = [str(path.relative_to(root) if path.is_relative_to(root) else path.absolute()) for path, _ in files]
    states, notes = [_state(file) for file in files], _load(store)
    new = [i for i, name in enumerate(names) if notes.get(name, [])[: len(states[i])] != states[i]]
    if new:
        reading = map_ordered(lambda i: _read(files[i]), new)
        bar = tqdm(reading, "reading", len(new), unit="file", leave=False, delay=2)
        made = {names[i]: note for i, note in zip(new, bar, strict=True)}
        with contextlib.suppress(OSError):
            _add(store, root, {name: note for name, note in made.items() if _settled(note)})
        notes = {**notes, **made}
    return [_fact(notes[name]) for name in names]


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
    state, data = _state(file), path.read_bytes()
    try:
        size = picture_size(path, data)
    except ValueError:  # who needs the size says what is wrong
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


def _add(store: Path, root: Path, made: Notes) -> None:
    """Adds to what other processes have noted meanwhile, without the files that are gone."""
    store.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(store.with_suffix(".lock")):
        notes = {name: note for name, note in {**_load(store), **made}.items() if (root / name).exists()}
        write_whole(store, json.dumps({"format": FORMAT, "root": str(root), "files": notes}))


def _short(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
