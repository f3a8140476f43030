"""Finding offline runs on the disk."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

_DEPTH = 8  # folders below the one that was given
_FOLDERS = 50_000  # looked into below one that was given


def find_logs(paths: Iterable[Path]) -> list[Path]:
    """The ``.wandb`` files of run folders, or of offline runs anywhere below a folder, without repetition, sorted.

    Raises:
        ValueError: there is no offline run at a path, or too many folders are below it.
    """
    found: dict[tuple[int, int], Path] = {}
    for path in paths:
        logs = [path] if path.suffix == ".wandb" and path.is_file() else sorted(path.glob("*.wandb"))
        logs = logs or sorted(_below(path))
        if not logs:
            raise ValueError(
                f"{path}: no offline run was found; give wandb/offline-run-…, or a folder above such folders"
            )
        found.update({(log.stat().st_dev, log.stat().st_ino): log for log in logs})
    return sorted(found.values())


def _below(top: Path) -> Iterator[Path]:
    """The logs of the offline runs below a folder; hidden folders and links to folders are passed over."""
    depth = len(top.parts) + _DEPTH
    for count, (place, folders, _) in enumerate(os.walk(top)):
        if count == _FOLDERS:
            raise ValueError(
                f"{top}: there are more than {_FOLDERS:,} folders below it; give a folder nearer to the offline runs"
            )
        folder = Path(place)
        yield from (
            log for name in folders if name.startswith("offline-run-") for log in (folder / name).glob("*.wandb")
        )
        deeper = len(folder.parts) < depth
        folders[:] = [name for name in folders if deeper and not name.startswith((".", "offline-run-"))]
