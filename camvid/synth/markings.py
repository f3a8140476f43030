"""Paint on the road: lines, crossings, arrows, boxes, words."""

import numpy as np

from camvid.synth.camera import Floats
from camvid.synth.ground import Mark
from camvid.synth.kinds import Kind
from camvid.synth.lettering import squares, width
from camvid.synth.light import Color
from camvid.synth.section import Section

WHITE: Color = (222, 222, 216)
YELLOW: Color = (208, 178, 70)
RAIL: Color = (136, 138, 142)


def _boxes(xs: Floats, zs: Floats, wide: float, long: float) -> Floats:
    """Rectangles (M, 4, 2) with their near left corners at all (x, z) pairs of two lists."""
    x, z = (grid.ravel() for grid in np.meshgrid(xs, zs))
    steps = np.array(((0, 0), (0, long), (wide, long), (wide, 0)))
    return np.asarray(np.stack((x, z), axis=-1)[:, None, :] + steps)


def lines(section: Section, z0: float, z1: float, solid: bool, yellow: bool) -> list[Mark]:
    """Centre line (solid and double, or broken), lines between lanes, lines along the edges; LaneMkgsDriv."""
    dashes, runs = np.arange(z0 + 1, z1, 6.0), np.arange(z0, z1, 4.0)
    inner = section.lane * np.arange(1, section.lanes)
    marks = [Mark(_boxes(np.concatenate((-inner, inner)) - 0.07, dashes, 0.14, 2.2), WHITE, Kind.LaneMkgsDriv)]
    if solid:
        marks.append(Mark(_boxes(np.array((-0.22, 0.08)), runs, 0.14, 4.0), WHITE, Kind.LaneMkgsDriv))
    else:
        marks.append(Mark(_boxes(np.array((-0.08,)), dashes, 0.16, 3.6), WHITE, Kind.LaneMkgsDriv))
    edges = np.array((-section.half + 0.12, section.half - 0.22))
    if yellow:
        edges = np.concatenate((edges, edges + np.array((0.22, -0.22))))
    marks.append(Mark(_boxes(edges, runs, 0.1, 4.0), YELLOW if yellow else WHITE, Kind.LaneMkgsDriv))
    return marks


def crossing(section: Section, z: float) -> list[Mark]:
    """A zebra crossing 2.6 m deep (LaneMkgsNonDriv) and the line to stop at before it (LaneMkgsDriv)."""
    bars = np.arange(-section.half + 0.3, section.half - 0.4, 1.1)
    stop = _boxes(np.array((-section.half + 0.3,)), np.array((z - 1.6,)), section.half - 0.4, 0.3)
    return [
        Mark(_boxes(bars, np.array((z,)), 0.55, 2.6), WHITE, Kind.LaneMkgsNonDriv),
        Mark(stop, WHITE, Kind.LaneMkgsDriv),
    ]


def arrow(x: float, z: float) -> Mark:
    """An arrow straight ahead, 4 m long; LaneMkgsDriv."""
    shaft = ((x - 0.12, z), (x - 0.12, z + 2.6), (x + 0.12, z + 2.6), (x + 0.12, z))
    head = ((x - 0.42, z + 2.6), (x - 0.02, z + 4.0), (x + 0.02, z + 4.0), (x + 0.42, z + 2.6))
    return Mark(np.array((shaft, head)), WHITE, Kind.LaneMkgsDriv)


def yellow_box(section: Section, z0: float, z1: float) -> Mark:
    """The crossed box that keeps a junction free; LaneMkgsNonDriv."""
    half, long, thick = section.half - 0.3, z1 - z0, 0.18
    frame = (
        _boxes(np.array((-half, half - thick)), np.array((z0,)), thick, long),
        _boxes(np.array((-half,)), np.array((z0, z1)), 2 * half, thick),
    )
    diagonals = []
    for c in np.arange(0.25, 2.0, 0.25):  # on the unit square, from the left or top edge to the bottom or right one
        (x0, y0), (x1, y1) = (max(0.0, c - 1), min(1.0, c)), (min(1.0, c), max(0.0, c - 1))
        for mirror in (1, -1):
            p, q = ((mirror * half * (2 * x - 1), z0 + long * y) for x, y in ((x0, y0), (x1, y1)))
            diagonals.append((p, q, (q[0] + thick, q[1]), (p[0] + thick, p[1])))
    return Mark(np.concatenate((*frame, np.array(diagonals))), YELLOW, Kind.LaneMkgsNonDriv)


def hatching(x: float, z0: float, z1: float, wide: float) -> Mark:
    """Slanted bars where nobody is to drive; LaneMkgsNonDriv."""
    bars = np.arange(z0, z1 - 2, 2.2)
    shape = np.array(((-wide / 2, 0.0), (-wide / 2, 0.5), (wide / 2, 1.9), (wide / 2, 1.4)))
    return Mark(np.stack((np.full_like(bars, x), bars), axis=1)[:, None, :] + shape, WHITE, Kind.LaneMkgsNonDriv)


def word(text: str, x: float, z: float) -> Mark:
    """A word for drivers to read, its letters 2.5 m long; Misc_Text."""
    cells = squares(text) * (0.17, 0.5)
    return Mark(cells + np.array((x - width(text) * 0.17 / 2, z)), WHITE, Kind.Misc_Text)


def rails(x: float, z0: float, z1: float) -> Mark:
    """Tram rails 1.44 m apart, sunk in the Road."""
    return Mark(_boxes(np.array((x - 0.75, x + 0.69)), np.arange(z0, z1, 4.0), 0.06, 4.0), RAIL, Kind.Road)
