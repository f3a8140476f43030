"""What took a frame."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isfinite, sqrt


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

    @property
    def focal(self) -> float:
        """The focal length of square pixels of the same area."""
        return sqrt(self.fx * self.fy)

    def resized(self, frame: tuple[int, int], size: tuple[int, int]) -> Camera:
        """The camera of a frame of height and width `frame` after it was resized to `size`."""
        down, across = size[0] / frame[0], size[1] / frame[1]
        # The outer edges of the frame stay in place, and they lie half a pixel beside the middles.
        cx, cy = (self.cx + 0.5) * across - 0.5, (self.cy + 0.5) * down - 0.5
        return replace(self, fx=self.fx * across, fy=self.fy * down, cx=cx, cy=cy, size=size)

    def fault(self) -> str:
        """What is wrong with the numbers; empty if nothing is."""
        if not all(map(isfinite, (self.fx, self.fy, self.cx, self.cy))):
            return "a focal length or the principal point is not a finite number"
        if min(self.fx, self.fy) <= 0:
            return f"the focal lengths are {self.fx:g} and {self.fy:g} pixels; they must be above 0"
        return ""
