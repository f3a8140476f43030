"""A pinhole camera on a car that drives down a street."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

NEAR = 0.6  # metres; nothing nearer than this is painted
FAR = 150.0  # metres; the street ends here


@dataclass(frozen=True)
class Camera:
    """Where the camera is, in metres (x right of the road's centre, y up, z along the road), and what it sees.

    Turning the camera a little moves the vanishing point (`centre`), as a shifted sensor does: verticals stay vertical
    and every row of the ground has one distance. `bend` curves the road: what lies d metres ahead moves bend * d² / 2
    metres to the right.
    """

    size: tuple[int, int]  # H, W in pixels
    x: float
    y: float
    z: float
    focal: float  # pixels
    centre: tuple[float, float]  # vanishing point (column, row) in pixels
    bend: float = 0.0  # 1 / metres

    def project(self, points: Floats) -> Floats:
        """Pixels (..., 2) as (column, row) of points (..., 3) in the world; they must lie in front of the camera."""
        depth = points[..., 2] - self.z
        right = points[..., 0] - self.x + self.bend * depth * depth / 2
        out = np.empty((*points.shape[:-1], 2))
        out[..., 0] = self.centre[0] + self.focal * right / depth
        out[..., 1] = self.centre[1] + self.focal * (self.y - points[..., 1]) / depth
        return out

    def scale(self, z: float) -> float:
        """Pixels per metre at world position z; 0 for what is not in front of the camera."""
        depth = z - self.z
        return self.focal / depth if depth >= NEAR else 0.0

    def clip(self, points: Floats) -> Floats:
        """The part of a polygon (N, 3) that lies in front of the near plane; possibly (0, 3)."""
        depth = points[:, 2] - (self.z + NEAR)
        if depth.min() >= 0:
            return points
        kept: list[Floats] = []
        for i in range(len(points)):
            here, after = depth[i - 1], depth[i]
            if (here < 0) != (after < 0):
                kept.append(points[i - 1] + (points[i] - points[i - 1]) * (here / (here - after)))
            if after >= 0:
                kept.append(points[i])
        return np.array(kept).reshape(-1, 3)

    def ground_plane(self) -> Floats:
        """The inverse depth of the ground as `camvid.synth.surfaces` has it (5,): of pixels below the horizon."""
        rise = 1 / (self.focal * self.y)
        return np.array((0.0, rise, -self.centre[1] * rise, 1 / FAR, 1 / NEAR))

    def ground(self) -> tuple[int, Floats, Floats]:
        """First row below the horizon, and the world x (rows, W) and z (rows, 1) of the ground seen from there down."""
        height, width = self.size
        first = min(max(int(np.ceil(self.centre[1] + self.focal * self.y / FAR)), 0), height)
        rows = np.arange(first, height, dtype=np.float64)[:, None]
        depth = self.focal * self.y / (rows - self.centre[1])  # (rows, 1)
        columns = np.arange(width, dtype=np.float64)[None, :]
        right = (columns - self.centre[0]) * depth / self.focal - self.bend * depth * depth / 2
        return first, self.x + right, self.z + depth
