"""Railings, board fences, garden walls and hedges: short runs along the street."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from camvid.synth.camera import Floats
from camvid.synth.canvas import Canvas
from camvid.synth.kinds import Kind
from camvid.synth.light import Color
from camvid.synth.solids import Pose, box

COPING: Color = (170, 166, 158)


@dataclass(frozen=True)
class Barrier:
    """A run along the street at `x` from z0 to z1, in metres."""

    x: float
    z0: float
    z1: float
    height: float
    color: Color

    @property
    def inwards(self) -> float:
        """Which way the road is: 1 to the right, -1 to the left."""
        return -1.0 if self.x > 0 else 1.0

    def strip(self, low: float, high: float, x: float) -> Floats:
        """An upright strip (4, 3) along the run between two heights."""
        return np.array(((x, low, self.z0), (x, high, self.z0), (x, high, self.z1), (x, low, self.z1)))

    def slats(self, spacing: float, low: float) -> Floats:
        """Upright slats (M, 4, 3), 5 cm wide, from `low` metres to the top."""
        zs = np.arange(self.z0, self.z1, spacing)
        feet = np.stack((np.full_like(zs, self.x), np.zeros_like(zs), zs), axis=1)
        slat = np.array(((0, low, 0), (0, self.height, 0), (0, self.height, 0.05), (0, low, 0.05)))
        return np.asarray(feet[:, None, :] + slat)

    def block(self, canvas: Canvas, thick: float, kind: Kind) -> None:
        """The run as a solid box."""
        box(canvas, Pose(self.x, (self.z0 + self.z1) / 2), (thick, self.height, self.z1 - self.z0), self.color, kind)


def paint_railings(canvas: Canvas, barrier: Barrier) -> None:
    """Bars between two rails; what is behind them shows through the gaps. Fence."""
    shade = canvas.light.face(barrier.inwards, 0, -0.3)
    canvas.quads(barrier.slats(0.16, 0.05), barrier.color, Kind.Fence, shade)
    for low, high in ((0.08, 0.14), (barrier.height - 0.06, barrier.height + 0.02)):
        canvas.polygon(barrier.strip(low, high, barrier.x), barrier.color, Kind.Fence, shade)


def paint_boards(canvas: Canvas, barrier: Barrier) -> None:
    """A fence of upright boards with dark gaps; Fence."""
    shade = canvas.light.face(barrier.inwards, 0, -0.3)
    canvas.polygon(barrier.strip(0, barrier.height, barrier.x), barrier.color, Kind.Fence, shade)
    canvas.quads(barrier.slats(0.45, 0.0), barrier.color, Kind.Fence, shade * 0.6)


def paint_wall(canvas: Canvas, barrier: Barrier) -> None:
    """A garden wall with courses and a coping; Wall."""
    barrier.block(canvas, 0.3, Kind.Wall)
    shade, x = canvas.light.face(barrier.inwards, 0, 0), barrier.x + barrier.inwards * 0.15
    for low in np.arange(0.25, barrier.height - 0.1, 0.25):
        canvas.polygon(barrier.strip(float(low), float(low) + 0.03, x), barrier.color, Kind.Wall, shade * 0.75)
    canvas.polygon(barrier.strip(barrier.height - 0.1, barrier.height, x), COPING, Kind.Wall, shade)


def paint_hedge(canvas: Canvas, barrier: Barrier) -> None:
    """A clipped hedge; VegetationMisc."""
    barrier.block(canvas, 0.8, Kind.VegetationMisc)


class Painter(Protocol):
    """Paints one run."""

    def __call__(self, canvas: Canvas, barrier: Barrier) -> None:
        """Paint it."""


# What a plot may be fenced with: painter and colour.
BARRIERS: tuple[tuple[Painter, Color], ...] = (
    (paint_railings, (58, 62, 60)),
    (paint_boards, (124, 96, 68)),
    (paint_wall, (150, 96, 76)),
    (paint_wall, (134, 130, 122)),
    (paint_hedge, (70, 92, 46)),
    (paint_hedge, (82, 94, 48)),
)
