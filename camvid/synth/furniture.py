"""What stands along the kerb: poles, lamps, traffic lights, signs, cones and bins."""

import numpy as np

from camvid.synth.camera import Floats
from camvid.synth.canvas import Canvas
from camvid.synth.kinds import Kind
from camvid.synth.light import Color
from camvid.synth.solids import Pose, box

STEEL: Color = (112, 116, 118)
BLACK: Color = (30, 30, 32)
WHITE: Color = (236, 236, 232)
RED: Color = (196, 34, 36)
BLUE: Color = (36, 84, 170)
GREEN: Color = (28, 104, 64)
YELLOW: Color = (236, 200, 48)
ORANGE: Color = (236, 98, 30)
SIGNALS: tuple[Color, ...] = ((255, 50, 40), (255, 180, 40), (60, 250, 160))  # from top to bottom
BULB: Color = (255, 226, 160)


def _disc(radius: float, up: float = 0.0) -> Floats:
    turns = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    return np.stack((radius * np.cos(turns), up + radius * np.sin(turns)), axis=1)


def _triangle(size: float, up: float = 0.0) -> Floats:
    return np.array(((0, 0.62 * size + up), (0.56 * size, up - 0.36 * size), (-0.56 * size, up - 0.36 * size)))


def _plate(width: float, height: float, right: float = 0.0, up: float = 0.0) -> Floats:
    left, top = right - width / 2, up + height / 2
    return np.array(((left, top - height), (left, top), (left + width, top), (left + width, top - height)))


# Layers of (shape in metres around the middle of the sign, colour), the lowest first.
SIGNS: dict[str, tuple[tuple[Floats, Color], ...]] = {
    "limit": ((_disc(0.36), RED), (_disc(0.27), WHITE), (_plate(0.1, 0.28), BLACK)),
    "no entry": ((_disc(0.36), RED), (_plate(0.5, 0.13), WHITE)),
    "ahead": ((_disc(0.36), BLUE), (_plate(0.1, 0.4), WHITE), (_triangle(0.3, 0.12), WHITE)),
    "warning": ((_triangle(0.9), RED), (_triangle(0.62, -0.01), WHITE), (_plate(0.08, 0.22), BLACK)),
    "direction": (
        (_plate(1.5, 0.9), WHITE),
        (_plate(1.4, 0.8), GREEN),
        (_plate(1.0, 0.12, up=0.18), WHITE),
        (_plate(0.8, 0.12, up=-0.14), WHITE),
    ),
    "parking": (
        (_plate(0.7, 0.7), BLUE),
        (_plate(0.13, 0.48, right=-0.12), WHITE),
        (_plate(0.32, 0.28, right=0.02, up=0.1), WHITE),
        (_plate(0.16, 0.1, right=0.03, up=0.1), BLUE),
    ),
    "notice": ((_plate(0.55, 0.8), YELLOW), (_plate(0.36, 0.1, up=0.16), BLACK), (_plate(0.36, 0.1, up=-0.1), BLACK)),
}


def paint_pole(canvas: Canvas, x: float, z: float, height: float, radius: float = 0.06, color: Color = STEEL) -> None:
    """A bare pole or bollard; Column_Pole."""
    shaft = np.array((((0.0, 0.0), (0.0, height)),))
    shade = canvas.light.face(0, 0.3, -0.6)
    canvas.facing_sticks(np.array((x, 0.0, z)), shaft, np.full((1, 2), radius), color, Kind.Column_Pole, shade)


def paint_lamp(canvas: Canvas, x: float, z: float, height: float, reach: float) -> None:
    """A street lamp whose arm reaches `reach` metres to the right (negative: left); Column_Pole."""
    joints = np.array(((0, 0), (0, height * 0.5), (0, height * 0.93), (reach * 0.3, height), (reach, height + 0.05)))
    sticks = np.stack((joints[:-1], joints[1:]), axis=1)  # (4, 2, 2)
    radii = np.array(((0.1, 0.08), (0.07, 0.05), (0.05, 0.04), (0.04, 0.09)))
    foot = np.array((x, 0.0, z))
    canvas.facing_sticks(foot, sticks, radii, STEEL, Kind.Column_Pole, canvas.light.face(0, 0.3, -0.6))
    if canvas.light.lamps:
        canvas.facing(foot, _plate(0.5, 0.14, reach * 0.85, height)[None], BULB, Kind.Column_Pole, 1.6)


def paint_traffic_light(canvas: Canvas, x: float, z: float, state: int, up: float = 2.3) -> None:
    """A signal head (TrafficLight) on a pole (Column_Pole); lamp `state` of SIGNALS is lit."""
    paint_pole(canvas, x, z, up + 0.3, 0.055, (60, 62, 64))
    at = np.array((x, up + 0.5, z - 0.1))
    shade = canvas.light.face(0, 0, -1)
    canvas.facing(at, _plate(0.44, 1.12)[None], (44, 46, 48), Kind.TrafficLight, shade)
    canvas.facing(at, _plate(0.32, 1.0)[None], BLACK, Kind.TrafficLight, shade)
    for i, color in enumerate(SIGNALS):
        brightness = 1.2 if i == state else 0.25
        canvas.facing(at, _disc(0.12, 0.32 - 0.32 * i)[None], color, Kind.TrafficLight, brightness)


def paint_sign(canvas: Canvas, x: float, z: float, name: str, up: float) -> None:
    """Sign `name` of SIGNS (SignSymbol), its middle `up` metres above the ground, on a pole (Column_Pole)."""
    paint_pole(canvas, x, z, up, 0.04)
    for shape, color in SIGNS[name]:
        at = np.array((x, up, z - 0.06))
        canvas.facing(at, shape[None], color, Kind.SignSymbol, 1.05 * canvas.light.face(0, 0, -1))


def _band(height: float, low: float, high: float) -> Floats:
    """The part of a cone's outline between two shares of its height."""
    wide, narrow = (0.2 * (1 - share) + 0.03 for share in (low, high))
    return np.array(((-wide, low), (-narrow, high), (narrow, high), (wide, low))) * (1.0, height)


def paint_cone(canvas: Canvas, x: float, z: float, height: float = 0.75) -> None:
    """A traffic cone with two white bands; TrafficCone."""
    at, shade = np.array((x, 0.0, z)), canvas.light.face(0, 0.3, -0.7)
    body = np.stack((_plate(0.5, 0.08, up=0.04), _band(height, 0, 1)))
    canvas.facing(at, body, ORANGE, Kind.TrafficCone, shade)
    bands = np.stack((_band(height, 0.3, 0.48), _band(height, 0.62, 0.78)))
    canvas.facing(at, bands, WHITE, Kind.TrafficCone, shade)


def paint_bin(canvas: Canvas, x: float, z: float, color: Color) -> None:
    """A litter bin: CamVid has no class for it, so Void."""
    box(canvas, Pose(x, z), (0.5, 1.0, 0.5), color, Kind.Void)
