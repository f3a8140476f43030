"""What a split lacks for a training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from camvid.remarks import way_to_val

DEPTH_FORMS = (
    "docs/data.md lists the forms that are read, and `python -m camvid synth OUT --depth` draws streets with depth"
)


def lacking(root: Path, splits: Mapping[str, Sequence[object]], split: str, bare: int) -> str:
    """Why a training without frames of a split is refused, and what these data are good for.

    Args:
        root: the folder of the data set.
        splits: the frames by split.
        split: the one that is empty.
        bare: the number of its frames that have no label.
    """
    why = f"no frames with labels, {bare} without" if bare else "no frames"
    needed = f"{root}: the {split} split has {why}, and a training needs them"
    if split == "val" and (divided := way_to_val(splits)):
        return f"{needed}{divided}"
    judged = next((key for key, frames in splits.items() if frames and key != "train"), "")
    return needed + (f"; `python -m eval RUN --data {root} --split {judged}` judges a model" if judged else "")


def require_batch(frames: int, batch_size: int) -> None:
    """Raises ValueError if a training split has fewer frames than a batch."""
    if frames < batch_size:
        raise ValueError(
            f"batch_size={batch_size} is larger than the train split ({frames} frames): take at most {frames}"
        )
