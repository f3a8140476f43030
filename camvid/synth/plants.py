"""Trees and bushes: crowns of leafy blots, bare branches, firs."""

from dataclasses import dataclass

import numpy as np

from camvid.synth.camera import Floats
from camvid.synth.canvas import Canvas
from camvid.synth.chance import pick
from camvid.synth.kinds import Kind
from camvid.synth.light import Color

BARK: Color = (74, 62, 50)
NEEDLES: Color = (44, 72, 50)
LEAVES: tuple[Color, ...] = ((70, 98, 46), (88, 110, 52), (58, 84, 50), (116, 112, 48), (134, 98, 44))
_SHADES = (0.62, 0.8, 1.0, 1.18)  # from the shaded underside of a crown to its sunny top

Blots = tuple[tuple[float, Floats], ...]  # brightness, outlines (M, N, 2)
Sticks = tuple[Floats, Floats]  # ends (S, 2, 2), radii (S, 2)


@dataclass(frozen=True)
class Plant:
    """A plant at (x, z), flat as it faces the camera: leaves and sticks in metres around its foot."""

    x: float
    z: float
    leaves: Blots
    sticks: Sticks | None
    color: Color
    kind: Kind = Kind.Tree


def _blot(rng: np.random.Generator, x: float, y: float, radius: float) -> Floats:
    """A ragged round outline (11, 2)."""
    turns = np.linspace(0, 2 * np.pi, 11, endpoint=False)
    reach = radius * rng.uniform(0.7, 1.25, 11)
    return np.stack((x + reach * np.cos(turns), y + reach * np.sin(turns)), axis=1)


def _crown(rng: np.random.Generator, middle: float, spread: tuple[float, float], count: int) -> Blots:
    """`count` blots in each shade over an ellipse with half axes `spread`; brighter ones lie higher."""
    leaves = []
    for shade in _SHADES:
        outlines = []
        for turn, share in zip(rng.uniform(0, 2 * np.pi, count), np.sqrt(rng.random(count)), strict=True):
            x = 0.75 * share * spread[0] * np.cos(turn)
            y = middle + ((shade - 0.85) * 0.6 + 0.6 * share * np.sin(turn)) * spread[1]
            outlines.append(_blot(rng, x, y, min(spread) * float(rng.uniform(0.3, 0.5))))
        leaves.append((shade, np.array(outlines)))
    return tuple(leaves)


def _trunk(height: float, foot: float, top: float) -> Sticks:
    return np.array((((0.0, 0.0), (0.0, height)),)), np.array(((foot, top),))


def _leaf_color(rng: np.random.Generator) -> Color:
    (r, g, b), shade = pick(rng, LEAVES), float(rng.uniform(0.8, 1.15))
    return (r * shade, g * shade, b * shade)


def broadleaf(rng: np.random.Generator, x: float, z: float) -> Plant:
    """A round tree of 5 to 11 m."""
    height = float(rng.uniform(5, 11))
    spread = (height * float(rng.uniform(0.24, 0.36)), height * 0.34)
    trunk = _trunk(height * 0.5, height * 0.022, height * 0.015)
    return Plant(x, z, _crown(rng, height * 0.66, spread, 7), trunk, _leaf_color(rng))


def fir(rng: np.random.Generator, x: float, z: float) -> Plant:
    """A dark conifer of 5 to 12 m in six tiers."""
    height = float(rng.uniform(5, 12))
    tiers = []
    for i in range(6):
        low, reach = height * (0.12 + 0.13 * i), height * 0.2 * (1 - i / 7)
        left, right = reach * rng.uniform(0.8, 1.15, 2)
        tier = ((-left, low), (0, low + height * 0.3), (right, low), (0, low + 0.2))
        tiers.append((0.75 + 0.07 * i, np.array((tier,))))
    return Plant(x, z, tuple(tiers), _trunk(height * 0.3, height * 0.018, height * 0.018), NEEDLES)


def bare(rng: np.random.Generator, x: float, z: float) -> Plant:
    """A winter tree of 6 to 11 m: a trunk that forks four times."""
    height = float(rng.uniform(6, 11))
    top = (0.0, height * 0.34)
    ends, radii = [((0.0, 0.0), top)], [(height * 0.022, height * 0.016)]
    tips = [(top, np.pi / 2, height * 0.24, height * 0.014)]  # where a branch starts, its direction, length, radius
    for _ in range(4):
        sprouts = []
        for (px, py), turn, length, thick in tips:
            for lean in rng.uniform(0.15, 0.6, 2) * (-1, 1):
                tip = (px + length * float(np.cos(turn + lean)), py + length * float(np.sin(turn + lean)))
                ends.append(((px, py), tip))
                radii.append((thick, thick * 0.65))
                sprouts.append((tip, turn + float(lean), length * float(rng.uniform(0.6, 0.85)), thick * 0.62))
        tips = sprouts
    return Plant(x, z, (), (np.array(ends), np.array(radii)), BARK)


def bush(rng: np.random.Generator, x: float, z: float) -> Plant:
    """A bush of 0.6 to 1.6 m; VegetationMisc."""
    height = float(rng.uniform(0.6, 1.6))
    leaves = _crown(rng, height * 0.5, (height * 0.7, height * 0.4), 3)
    return Plant(x, z, leaves, None, _leaf_color(rng), Kind.VegetationMisc)


def random_tree(rng: np.random.Generator, x: float, z: float) -> Plant:
    """A tree: mostly in leaf, at times bare or a fir."""
    return pick(rng, (broadleaf, bare, fir), (0.6, 0.2, 0.2))(rng, x, z)


def paint_plant(canvas: Canvas, plant: Plant) -> None:
    """Paint trunk and branches, then the leaves from dark to bright."""
    at, shade = np.array((plant.x, 0.0, plant.z)), canvas.light.face(0, 0.4, -0.6)
    if plant.sticks is not None:
        canvas.facing_sticks(at, *plant.sticks, BARK, plant.kind, shade)
    for brightness, outlines in plant.leaves:
        canvas.facing(at, outlines, plant.color, plant.kind, shade * brightness)
