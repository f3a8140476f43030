"""What a scene is made of: things that stand somewhere, can be painted and throw a shadow."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from camvid.synth.canvas import Canvas
from camvid.synth.fleet import Vehicle
from camvid.synth.ground import Shadow
from camvid.synth.light import Color
from camvid.synth.solids import Pose
from camvid.synth.vehicles import paint_vehicle


@dataclass(frozen=True)
class Thing:
    """Things are painted by `depth`, a place z along the street, far ones first.

    What runs along the street has the z of its near end, so that it hides what stands beside it farther out; buildings,
    beyond which there is nothing, and what spans the street have that of their far end.
    """

    depth: float
    paint: Callable[[Canvas], None]
    shadow: Shadow | None = None


def upright(paint: Callable[[Canvas], None], x: float, z: float, shade: float = 0.0) -> Thing:
    """Something slender at (x, z), with a round shadow of radius `shade` metres."""
    return Thing(z, paint, Shadow(x + shade * 0.4, z, shade * 1.3, shade * 0.7) if shade else None)


def vehicle(model: Vehicle, pose: Pose, paint: Color) -> Thing:
    """A vehicle, its middle at `pose`, with the shade below it."""
    sin, cos = abs(float(np.sin(pose.heading))), abs(float(np.cos(pose.heading)))
    half_x, half_z = (model.width * cos + model.length * sin) / 2, (model.width * sin + model.length * cos) / 2
    painter = partial(paint_vehicle, vehicle=model, pose=pose, paint=paint)
    return Thing(pose.z - half_z, painter, Shadow(pose.x, pose.z, half_x * 1.12, half_z * 1.05))
