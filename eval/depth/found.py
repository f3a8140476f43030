"""What an evaluation gives about depth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from eval.depth.measures import BANDS, Floats, figures, flat
from eval.stored import StoredDepths
from files.camera import Camera


@dataclass(frozen=True)
class DepthFound:
    """The depth that a model predicted on a split, and its errors.

    Attributes:
        sums: (C + 1, bands, sums) over the split, as `depth_sums` gives them; void is the last class.
        frames: (N, sums) of each frame, in the order of the split.
        predictions: (H, W) float32 metres in the order of the split, each read from a temporary file when it is asked
            for.
        cameras: of the frames, by position in the split. It has the focal length of the training and the middle of the
            frame where the camera is unknown; a frame is left out if that is unknown, too.
        class_names: C names.
        threshold: the mean relative error of a priority class above which a frame is flagged; 0 flags none.
    """

    sums: Floats
    frames: Floats
    predictions: StoredDepths
    cameras: Mapping[int, Camera]
    class_names: tuple[str, ...]
    threshold: float

    @property
    def known(self) -> bool:
        """Whether a pixel of the split has a true depth that counts."""
        return bool(self.sums[..., 0].any())

    @property
    def metrics(self) -> dict[str, float]:
        """Flat keys: the figures over the split, then ``depth/abs_rel`` of each class and of each band."""
        parts = {**self.by_class()["abs_rel"], **self.by_distance()["abs_rel"]}
        return flat(figures(self.sums.sum((0, 1)))) | {f"depth/abs_rel/{key}": value for key, value in parts.items()}

    def by_class(self) -> pd.DataFrame:
        """A row for each class: ``pixels`` that count, and the figures; NaN for a class without such pixels."""
        return _table(self.sums[:-1].sum(1), self.class_names, "class")

    def by_distance(self) -> pd.DataFrame:
        """A row for each band of distance: ``pixels`` that count, and the figures."""
        return _table(self.sums.sum(0), BANDS, "distance")


def _table(sums: Floats, index: Mapping[str, float] | tuple[str, ...], name: str) -> pd.DataFrame:
    """The figures of sums (groups, sums), a row for each."""
    columns = {"pixels": sums[:, 0].astype(int), **figures(sums)}
    return pd.DataFrame(columns, index=pd.Index([*index], name=name))
