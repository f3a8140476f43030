"""What a training that has ended keeps of its checkpoints: how its epochs went.

The trained weights, their average and the optimiser's state are there to go on with. They take four times the size of
the model, which is saved beside them.
"""

from __future__ import annotations

import json
from pathlib import Path

from files.jsons import plain_values
from files.whole import write_whole
from training.checkpoint import HISTORY, load_checkpoint


def has_ended(folder: Path) -> bool:
    """Whether the training of these checkpoints has ended, so that there is nothing to go on with."""
    return (folder / HISTORY).is_file()


def drop_state(folder: Path) -> None:
    """Replace the checkpoints of a training that has ended by `history.json`, the metrics of its epochs.

    The best weights stay where no model was saved from them, as in a trial that its sweep has stopped. A folder without
    checkpoints is left as it is.

    Args:
        folder: a run's `checkpoints`.

    Raises:
        ValueError, OSError: the last checkpoint cannot be read, or the disk refuses; the checkpoints are still there.
    """
    last = folder / "last.pt"
    if not last.is_file():
        return
    rows = [plain_values(row) for row in load_checkpoint(last)["history"]]
    write_whole(folder / HISTORY, json.dumps(rows, indent=1))
    last.unlink()
    if (folder.parent / "model.safetensors").is_file():
        (folder / "best.safetensors").unlink(missing_ok=True)
