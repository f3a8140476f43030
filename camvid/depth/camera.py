"""What took a frame."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite


@dataclass(frozen=True)
class Camera:
    """A pinhole camera, in pixels of its frame. The middle of the upper left pixel is (0, 0).

    Attributes:
        fx, fy: focal lengths across and down.
        cx, cy: column and row of the principal point.
        size: height and width of the frame; None if the data set does not say.
    """

    fx: float
    fy: float
    cx: float
    cy: float
    size: tuple[int, int] | None = None

    def fault(self) -> str:
        """What is wrong with the numbers; empty if nothing is."""
        if not all(map(isfinite, (self.fx, self.fy, self.cx, self.cy))):
            return "a focal length or the principal point is not a finite number"
        if min(self.fx, self.fy) <= 0:
            return f"the focal lengths are {self.fx:g} and {self.fy:g} pixels; they must be above 0"
        return ""
