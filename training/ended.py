"""What a training that has ended keeps of its checkpoints: how its epochs went.

The trained weights, their average and the optimiser's state are there to go on with. They take four times the size of
the model, which is saved beside them.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

from training.checkpoint import HISTORY, load_checkpoint, write_atomically


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
    rows = [
        {key: None if math.isnan(value) else value for key, value in row.items()}
        for row in load_checkpoint(last)["history"]
    ]
    write_atomically(folder / HISTORY, lambda path: path.write_text(json.dumps(rows, indent=1), encoding="utf-8"))
    last.unlink()
    if (folder.parent / "model.safetensors").is_file():
        (folder / "best.safetensors").unlink(missing_ok=True)
