"""What crosses over the street: bridges (now and then with a train), gatehouses, tunnels. Each begins at a place z."""

from itertools import pairwise

import numpy as np

from camvid.synth.camera import NEAR, Floats
from camvid.synth.canvas import Canvas
from camvid.synth.fleet import TRAM
from camvid.synth.kinds import Kind
from camvid.synth.light import Color
from camvid.synth.solids import Pose
from camvid.synth.vehicles import paint_vehicle

STONE: Color = (146, 138, 122)
SIDE = 45.0  # metres from the middle of the road to where a span's face ends


def _arch(half: float, spring: float, rise: float) -> Floats:
    """Outline (N, 2) of an opening from foot to foot: `half` to both sides, upright to `spring`, then an ellipse."""
    turns = np.linspace(np.pi, 0, 13)
    curve = np.stack((half * np.cos(turns), spring + rise * np.sin(turns)), axis=1)
    return np.concatenate((((-half, 0.0),), curve, ((half, 0.0),)))


def _upright(flat: Floats, z: float) -> Floats:
    """World points (N, 3) of points (N, 2) on the plane across the street at z."""
    return np.concatenate((flat, np.full((len(flat), 1), z)), axis=1)


def _vault(canvas: Canvas, opening: Floats, z0: float, z1: float, color: Color, kind: Kind) -> None:
    """The inside of an opening from z0 to z1: walls and ceiling, far pieces first."""
    for far, near in pairwise(np.linspace(z1, z0, 7)):
        for (ax, ay), (bx, by) in pairwise(opening):
            quad = np.array(((ax, ay, near), (bx, by, near), (bx, by, far), (ax, ay, far)))
            canvas.polygon(quad, color, kind, 0.5 if ay < 1 else 0.35)


def _face(canvas: Canvas, outline: Floats, opening: Floats, z: float, color: Color, kind: Kind) -> None:
    """The wall across the street around an opening; both outlines run from the left foot over the top to the right."""
    if z > canvas.camera.z + NEAR:
        canvas.polygon(_upright(np.concatenate((outline, opening[::-1])), z), color, kind, canvas.light.face(0, 0, -1))


def _slab(low: float, high: float) -> Floats:
    """Outline (4, 2) of a beam from side to side between two heights."""
    return np.array(((-SIDE, low), (-SIDE, high), (SIDE, high), (SIDE, low)))


def paint_bridge(canvas: Canvas, z: float, half: float, color: Color, train: Color | None) -> None:
    """A flat deck on abutments, 7 m wide, with a parapet; Bridge. `train` is the paint of a train on it, if any."""
    clear, thick = 5.2, 1.3
    opening = np.array(((-half, 0.0), (-half, clear), (half, clear), (half, 0.0)))
    _vault(canvas, opening, z, z + 7, color, Kind.Bridge)
    if train is not None:
        for x in np.arange(-3.5, 4) * TRAM.length:
            paint_vehicle(canvas, TRAM, Pose(float(x), z + 3.5, np.pi / 2, clear + thick - 0.2), train)
    _face(canvas, _slab(0, clear + thick), opening, z, color, Kind.Bridge)
    if z > canvas.camera.z + NEAR:
        shade = canvas.light.face(0, 0, -1)
        canvas.polygon(_upright(_slab(clear + thick, clear + thick + 0.9), z), color, Kind.Bridge, shade * 0.85)
        canvas.polygon(_upright(_slab(clear, clear + 0.25), z), (70, 68, 66), Kind.Bridge, shade)


def paint_gatehouse(canvas: Canvas, z: float, half: float, color: Color) -> None:
    """A stone building over the street (Building) with an arched passage (Archway)."""
    opening, rim = _arch(half, 3.4, 1.8), _arch(half + 0.7, 3.6, 2.0)
    _vault(canvas, opening, z, z + 6, color, Kind.Archway)
    body = np.array(
        ((-half - 6, 0), (-half - 6, 10.5), (-half - 1, 12.5), (half + 1, 12.5), (half + 6, 10.5), (half + 6, 0))
    )
    _face(canvas, body, rim, z, color, Kind.Building)
    _face(canvas, rim, opening, z, STONE, Kind.Archway)
    for x in np.linspace(-half, half, 5) if z > canvas.camera.z + NEAR else ():
        window = _arch(0.5, 1.1, 0.5) + np.array((x, 7.2))
        canvas.polygon(_upright(window, z), (50, 54, 62), Kind.Building, canvas.light.face(0, 0, -1))


def paint_tunnel(canvas: Canvas, z: float, half: float, color: Color) -> None:
    """A portal and the tunnel behind it (Tunnel) through a green hill (VegetationMisc)."""
    opening, rim = _arch(half, 3.2, 2.2), _arch(half + 1.4, 3.6, 2.9)
    _vault(canvas, opening, z, z + 32, color, Kind.Tunnel)
    turns = np.linspace(np.pi, 0, 15)
    hill = np.stack((SIDE * np.cos(turns), 13 * np.sin(turns) ** 0.6), axis=1)
    _face(canvas, hill, rim, z, (84, 106, 58), Kind.VegetationMisc)
    _face(canvas, rim, opening, z, color, Kind.Tunnel)
