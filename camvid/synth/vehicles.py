"""Everything on four wheels and more: a body extruded from its outline, with windows, lamps and wheels."""

from collections.abc import Iterable
from functools import lru_cache

import numpy as np

from camvid.synth.camera import Floats
from camvid.synth.canvas import Canvas
from camvid.synth.fleet import DARK, GLASS, Outline, Patch, Vehicle
from camvid.synth.light import Color
from camvid.synth.solids import PAINT, Panel, Pose, paint_panels

_CIRCLE = np.stack([(np.cos(a), np.sin(a)) for a in np.linspace(0, 2 * np.pi, 14, endpoint=False)])
_LIT_PANE: Color = (196, 186, 140)
_HUB: Color = (150, 152, 156)


def _surface(v: Vehicle, outline: Outline, side: float) -> Floats:
    """Local points (N, 3) on the body for an outline, `side` from -1 (left) to 1; the body narrows above its belt."""
    along, up = np.array(outline).T
    top = max(height for _, height in v.outline)
    narrowing = 1 - (1 - v.roof) * np.clip((up - v.belt) / (top - v.belt), 0, 1)
    return np.stack((side * narrowing * v.width / 2, up, (along - 0.5) * v.length), axis=1)


def _patch(v: Vehicle, patch: Patch) -> Floats:
    """Local corners (4, 3) of a patch."""
    edge = patch.edge % (len(v.outline) - 1)
    start, end = np.array(v.outline[edge]), np.array(v.outline[edge + 1])
    low, high = (tuple(start + (end - start) * t) for t in patch.along)
    left, right = (_surface(v, (low, high), side) for side in patch.across)
    return np.concatenate((left, right[::-1]))


def _edges(v: Vehicle) -> Iterable[Panel]:
    """The panels around the body, from the rear over the roof to the front."""
    left, right = _surface(v, v.outline, -1.0), _surface(v, v.outline, 1.0)
    for i in range(len(v.outline) - 1):
        along, up = (v.outline[i + 1][0] - v.outline[i][0]) * v.length, v.outline[i + 1][1] - v.outline[i][1]
        size = float(np.hypot(along, up))
        patches = tuple((_patch(v, p), p.color) for p in v.patches if p.edge % (len(v.outline) - 1) == i)
        yield Panel(
            np.stack((left[i], left[i + 1], right[i + 1], right[i])), (0.0, along / size, -up / size), patches=patches
        )


def _flank(v: Vehicle, side: float) -> Panel:
    """One side with its windows and wheels."""
    patches = [(_surface(v, window, side), GLASS) for window in v.windows]
    for along, radius in v.wheels:
        for size, color in ((1.0, DARK), (0.55, _HUB)):
            rim = tuple((along + f * radius * size / v.length, radius + u * radius * size) for f, u in _CIRCLE)
            patches.append((_surface(v, rim, side), color))
    return Panel(_surface(v, v.outline, side), (side, 0.0, 0.0), patches=tuple(patches))


def _tyres(v: Vehicle) -> Iterable[Panel]:
    """The dark below the body, seen from behind and from the front: an axle with a tyre at each end, or a skirt."""
    half, low = v.width / 2, v.outline[0][1] + 0.05
    axles = [((along - 0.5) * v.length, radius * 0.7) for along, radius in v.wheels]
    for forward, bottom in axles or [(-v.length / 2, 0.1), (v.length / 2, 0.1)]:
        spans = [(-half, half, bottom)] + ([(-half, -half * 0.72, 0.0), (half * 0.72, half, 0.0)] if v.wheels else [])
        for left, right, foot in spans:
            quad = np.array(
                ((left, foot, forward), (left, low, forward), (right, low, forward), (right, foot, forward))
            )
            yield Panel(quad, (0.0, 0.0, -1.0), color=DARK)
            yield Panel(quad, (0.0, 0.0, 1.0), color=DARK)


@lru_cache(maxsize=64)
def _layers(v: Vehicle) -> tuple[tuple[Panel, ...], ...]:
    """The panels of a model in the order in which they are painted: what is below, the body, the flanks."""
    return tuple(_tyres(v)), tuple(_edges(v)), (_flank(v, -1.0), _flank(v, 1.0))


def paint_vehicle(canvas: Canvas, vehicle: Vehicle, pose: Pose, paint: Color) -> None:
    """Paint one vehicle; after dark the windows of buses and trams are lit."""
    pane = _LIT_PANE if canvas.light.lamps and len(vehicle.windows) > 4 else GLASS
    for panels in _layers(vehicle):
        paint_panels(canvas, pose, panels, vehicle.kind, {PAINT: paint, GLASS: pane})
