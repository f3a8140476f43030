"""From a world to a picture, its label and its depth."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from camvid.synth.camera import FAR, Camera
from camvid.synth.canvas import Canvas
from camvid.synth.ground import finish_ground, paint_mark, paint_strip
from camvid.synth.kinds import Kind
from camvid.synth.section import Strip
from camvid.synth.sky import paint_sky, paint_skyline
from camvid.synth.surfaces import Surfaces
from camvid.synth.world import SENSOR, SKYLINE, World, make_world

Picture = NDArray[np.uint8]
Depth = NDArray[np.float32]
SMALLEST = 32  # pixels

# How rough the surface of each class looks: grey levels of noise.
_ROUGH = np.full(256, 3.0, np.float32)
_ROUGH[[Kind.Tree, Kind.VegetationMisc]] = 13.0, 9.0
_ROUGH[[Kind.Building, Kind.Wall, Kind.Bridge, Kind.Archway, Kind.Tunnel]] = 5.0
_ROUGH[Kind.Sky] = 0.5


@dataclass(frozen=True)
class Scene:
    """What the camera took.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        label: (H, W) uint8, values of `Kind`.
        depth: (H, W) float32, metres along the camera's axis, NaN for the sky and the camera car's own bonnet; None
            if it was not asked for.
        camera: what took it.
    """

    image: Picture
    label: Picture
    depth: Depth | None
    camera: Camera


def draw_scene(seed: int | np.random.Generator, size: tuple[int, int] = (720, 960)) -> tuple[Picture, Picture]:
    """One street scene at `size` (H, W): the picture (H, W, 3) uint8 RGB and its label (H, W) uint8, values of `Kind`.

    A generator gives the seed by its next draw. Raises ValueError for a negative seed or a size that is too small.
    """
    if isinstance(seed, np.random.Generator):
        seed = int(seed.integers(2**32))
    if seed < 0:
        raise ValueError(f"seed must be 0 or more, got {seed}")
    return draw_frame(make_world(seed), 0, size)


def check_size(size: tuple[int, int]) -> None:
    """Raise ValueError for a size (H, W) at which a scene cannot be drawn."""
    if min(size) < SMALLEST:
        raise ValueError(f"size must be {SMALLEST}x{SMALLEST} pixels (height, width) or more, got {size[0]}x{size[1]}")


def draw_frame(world: World, index: int, size: tuple[int, int]) -> tuple[Picture, Picture]:
    """Frame `index` of a world's sequence, at `size` (H, W); as `draw_scene`."""
    scene = take(world, index, size)
    return scene.image, scene.label


def take(world: World, index: int, size: tuple[int, int], depth: bool = False) -> Scene:
    """Frame `index` of a world's sequence, at `size` (H, W)."""
    check_size(size)
    canvas = paint_frame(world, index, size, Surfaces(size) if depth else None)
    image = develop(canvas, world.rng(SENSOR, index))
    return Scene(image, canvas.label.copy(), canvas.surfaces.depth() if canvas.surfaces else None, canvas.camera)


def paint_frame(world: World, index: int, size: tuple[int, int], surfaces: Surfaces | None = None) -> Canvas:
    """Everything painted, before the camera adds its blur and noise."""
    canvas = Canvas(world.camera(index, size), world.light, surfaces)
    paint_sky(canvas, world.clouds)
    paint_skyline(canvas, world.rng(SKYLINE))
    things = world.things(index)
    _ground(canvas, world)
    finish_ground(canvas, world.texture, (thing.shadow for thing in things if thing.shadow is not None))
    for thing in things:
        thing.paint(canvas)
    if world.car.bonnet:
        _bonnet(canvas, world.car.bonnet)
    return canvas


def _ground(canvas: Canvas, world: World) -> None:
    """Strips and markings of all blocks within sight."""
    z, section = canvas.camera.z, world.street.section
    blocks = world.street.near(z)
    edge = Strip(-400.0, 400.0, Kind.Sidewalk, section.paving)
    paint_strip(canvas, edge, z, z + FAR)
    for strip in section.strips():
        paint_strip(canvas, strip, z, z + FAR)
    for block in blocks:
        for strip, z0, z1 in block.strips:
            paint_strip(canvas, strip, z0, z1)
    for block in blocks:
        for mark in block.marks:
            paint_mark(canvas, mark)


def _bonnet(canvas: Canvas, share: float) -> None:
    """The camera car's own bonnet along the lower edge; Void."""
    height, width = canvas.camera.size
    across = np.linspace(-0.02, 1.02, 15)
    for lift, color in ((1.0, (34.0, 36.0, 42.0)), (0.6, (58.0, 62.0, 70.0)), (0.45, (34.0, 36.0, 42.0))):
        top = height * (1 - share * lift * (1 - (2 * across - 1.0) ** 4 * 0.8))
        outline = np.concatenate(
            (((-9.0, height + 9.0),), np.stack((across * width, top), axis=1), ((width + 9.0, height + 9.0),))
        )
        canvas.stamp(outline, canvas.light.ink(color, 0, canvas.light.face(0, 1, 0)), Kind.Void)


def develop(canvas: Canvas, rng: np.random.Generator) -> Picture:
    """What the sensor makes of it: rough surfaces, a soft lens, darker corners, noise."""
    height, width = canvas.camera.size
    softness = 0.55 * max(width / 960, 0.6)
    rough = cv2.LUT(canvas.label, _ROUGH) * rng.standard_normal((height, width), dtype=np.float32)
    noise = cv2.GaussianBlur(rough, (0, 0), softness)
    noise += canvas.light.grain * rng.standard_normal((height, width), dtype=np.float32)
    y, x = np.linspace(-1, 1, height, dtype=np.float32)[:, None], np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    corners = 1.02 - 0.07 * (x * x + y * y)  # (H, W)
    picture = cv2.GaussianBlur(np.ascontiguousarray(canvas.image), (0, 0), softness) * corners[..., None]
    picture += noise[..., None]
    return np.asarray(np.clip(picture, 0, 255, out=picture), np.uint8)
