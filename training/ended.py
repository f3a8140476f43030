"""Delete the checkpoints of a complete training, and keep the metrics of its epochs.

The trained weights, their average and the optimiser state are only needed for resuming. They take four times the size
of the model, which is saved separately.
"""

from __future__ import annotations

import json
from pathlib import Path

from files.jsons import plain_values
from files.whole import write_whole
from training.checkpoint import HISTORY, load_checkpoint


def has_ended(folder: Path) -> bool:
    """Whether the training of these checkpoints is complete, so that it cannot be resumed."""
    return (folder / HISTORY).is_file()


def drop_state(folder: Path) -> None:
    """Replace the checkpoints of a complete training by `history.json`, the metrics of its epochs.

    The best weights are kept if no model was saved from them, as in a trial that its sweep has stopped. A folder
    without checkpoints is not changed.

    Args:
        folder: a run's `checkpoints`.

    Raises:
        ValueError, OSError: the last checkpoint cannot be read, or a file cannot be written; the checkpoints are kept.
    """
    last = folder / "last.pt"
    if not last.is_file():
        return
    rows = [plain_values(row) for row in load_checkpoint(last)["history"]]
    write_whole(folder / HISTORY, json.dumps(rows, indent=1))
    last.unlink()
    if (folder.parent / "model.safetensors").is_file():
        (folder / "best.safetensors").unlink(missing_ok=True)
