"""Things with volume: where they stand, which of their faces the camera sees, and how those are painted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from camvid.synth.camera import Camera, Floats
from camvid.synth.canvas import Canvas
from camvid.synth.kinds import Kind
from camvid.synth.light import Color

_BOX_FACES = (
    ((0, 1, 5, 4), (0.0, 0.0, -1.0)),
    ((2, 3, 7, 6), (0.0, 0.0, 1.0)),
    ((0, 3, 7, 4), (-1.0, 0.0, 0.0)),
    ((1, 2, 6, 5), (1.0, 0.0, 0.0)),
    ((4, 5, 6, 7), (0.0, 1.0, 0.0)),
)  # corners of a box, counted around its foot and then around its top, and the way each face looks
PAINT: Color = (-1.0, -1.0, -1.0)  # in a panel: the colour that the whole thing is painted in
_PATCHES_FROM = 3.0  # pixels per metre below which patches are left out


@dataclass(frozen=True)
class Pose:
    """A place on the ground and the way one looks there: heading 0 is along the road, pi / 2 to the right (radians)."""

    x: float
    z: float
    heading: float = 0.0
    y: float = 0.0

    @cached_property
    def _turn(self) -> tuple[float, float]:
        return float(np.sin(self.heading)), float(np.cos(self.heading))

    def world(self, local: Floats) -> Floats:
        """World points (..., 3) of local points: metres to the right, up, and forward."""
        sin, cos = self._turn
        out = np.empty_like(local)
        out[..., 0] = self.x + local[..., 0] * cos + local[..., 2] * sin
        out[..., 1] = self.y + local[..., 1]
        out[..., 2] = self.z - local[..., 0] * sin + local[..., 2] * cos
        return out

    def turned(self, vector: tuple[float, float, float]) -> tuple[float, float, float]:
        """World direction of a local direction."""
        sin, cos = self._turn
        return vector[0] * cos + vector[2] * sin, vector[1], vector[2] * cos - vector[0] * sin

    def moved(self, right: float, forward: float) -> "Pose":
        """The pose that far to the right and forward, looking the same way."""
        x, _, z = self.turned((right, 0.0, forward))
        return Pose(self.x + x, self.z + z, self.heading, self.y)

    def eye(self, camera: Camera) -> tuple[float, float, float]:
        """Where the camera is in local coordinates; a bent street turns what lies ahead with it."""
        sin, cos = self._turn
        depth = self.z - camera.z
        x, z = camera.x - camera.bend * depth * depth / 2 - self.x, -depth
        return x * cos - z * sin, camera.y - self.y, x * sin + z * cos


@dataclass(frozen=True)
class Panel:
    """A flat face in local coordinates (N, 3), the way it looks, and patches that are painted upon it."""

    points: Floats
    normal: tuple[float, float, float]
    color: Color = PAINT
    patches: tuple[tuple[Floats, Color], ...] = ()

    @cached_property
    def centre(self) -> tuple[float, float, float]:
        """Mean of the corners."""
        x, y, z = self.points.mean(axis=0)
        return float(x), float(y), float(z)

    def seen_from(self, eye: tuple[float, float, float]) -> bool:
        """Does somebody at `eye` see the outside?"""
        return sum(n * (e - c) for n, e, c in zip(self.normal, eye, self.centre, strict=True)) > 0


def paint_panels(
    canvas: Canvas, pose: Pose, panels: Sequence[Panel], kind: Kind, colors: Mapping[Color, Color]
) -> None:
    """Paint the panels that the camera sees, far ones first. `colors` replaces colours, PAINT among them."""
    eye = pose.eye(canvas.camera)
    seen = [panel for panel in panels if panel.seen_from(eye)]
    if not seen:
        return
    seen.sort(key=lambda panel: -pose.turned(panel.centre)[2])
    detailed = canvas.camera.scale(pose.z) > _PATCHES_FROM or pose.z < canvas.camera.z + 1
    outlines, inks = [], []
    for panel in seen:
        shade = canvas.light.face(*pose.turned(panel.normal))
        for points, color in ((panel.points, panel.color), *(panel.patches if detailed else ())):
            outlines.append(points)
            inks.append((colors.get(color, color), shade))
    canvas.patchwork(pose.world(np.concatenate(outlines)), [len(points) for points in outlines], inks, kind)


@lru_cache(maxsize=512)
def _box_panels(width: float, height: float, length: float) -> tuple[Panel, ...]:
    half_w, half_l = width / 2, length / 2
    foot = ((-half_w, -half_l), (half_w, -half_l), (half_w, half_l), (-half_w, half_l))
    corners = np.array([(right, up, forward) for up in (0.0, height) for right, forward in foot])
    return tuple(Panel(corners[list(index)], normal) for index, normal in _BOX_FACES)


def box(canvas: Canvas, pose: Pose, size: tuple[float, float, float], color: Color, kind: Kind) -> None:
    """A box (width, height, length) that stands on `pose`."""
    paint_panels(canvas, pose, _box_panels(*size), kind, {PAINT: color})
