"""The ground: strips and markings as flat shapes, then texture, shadows and haze over all of it at once."""

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from camvid.synth.camera import FAR, NEAR, Camera, Floats
from camvid.synth.canvas import Canvas
from camvid.synth.kinds import Kind
from camvid.synth.light import Color, Ink
from camvid.synth.noise import Texture
from camvid.synth.section import Strip

TILE = 12.0  # metres that the texture spans before it repeats


@dataclass(frozen=True)
class Mark:
    """Flat shapes on the ground: quadrilaterals (M, 4, 2) of (x, z) in metres."""

    quads: Floats
    color: Color
    kind: Kind


@dataclass(frozen=True)
class Shadow:
    """A dark spot on the ground: middle and half axes in metres."""

    x: float
    z: float
    half_x: float
    half_z: float


def ribbon(camera: Camera, strip: Strip, z0: float, z1: float) -> Floats:
    """Outline (N, 3) of a strip from z0 to z1, in steps short enough to follow a bend; (0, 3) if behind the camera."""
    start, end = max(z0, camera.z + NEAR), min(z1, camera.z + FAR)
    if start >= end:
        return np.zeros((0, 3))
    steps = camera.z + np.geomspace(start - camera.z, end - camera.z, 2 + int(4 * np.log(1 + (end - start) / 4)))
    zs, level = np.concatenate((steps, steps[::-1])), np.zeros(2 * len(steps))
    return np.stack((np.where(np.arange(len(zs)) < len(steps), strip.x0, strip.x1), level, zs), axis=1)


def _ink(canvas: Canvas, color: Color) -> Ink:
    return canvas.light.ink(color, 0.0, canvas.light.face(0, 1, 0))


def paint_strip(canvas: Canvas, strip: Strip, z0: float, z1: float) -> None:
    """Paint a strip of ground. Haze comes later, in `finish_ground`."""
    outline = ribbon(canvas.camera, strip, z0, z1)
    if len(outline):
        canvas.stamp(
            canvas.camera.project(outline), _ink(canvas, strip.color), strip.kind, canvas.camera.ground_plane()
        )


def paint_mark(canvas: Canvas, mark: Mark) -> None:
    """Paint flat shapes. Haze comes later, in `finish_ground`."""
    ahead = mark.quads[(mark.quads[..., 1] > canvas.camera.z + NEAR).all(axis=1)]
    ahead = ahead[(ahead[..., 1] < canvas.camera.z + FAR).all(axis=1)]
    points = np.stack((ahead[..., 0], np.zeros(ahead.shape[:-1]), ahead[..., 1]), axis=-1)
    ink, plane = _ink(canvas, mark.color), canvas.camera.ground_plane()
    for outline in canvas.camera.project(points):
        canvas.stamp(outline, ink, mark.kind, plane)


def finish_ground(canvas: Canvas, texture: Texture, shadows: Iterable[Shadow]) -> None:
    """Roughen, darken and veil everything below the horizon that has been painted so far."""
    first, x, z = canvas.camera.ground()
    if first >= canvas.camera.size[0]:
        return
    depth = z - canvas.camera.z  # (rows, 1)
    near = (1 / (1 + depth / 12)).astype(np.float32)
    factor = 1 + near * (0.085 * _sample(texture, x, z) + 0.05 * _sample(texture, z * 0.13, x * 0.31))
    factor *= 1 - _joints(x, z, depth) * (canvas.label[first:] == Kind.Sidewalk)
    factor *= 1 - 0.5 * canvas.light.face(0, 1, 0) * _shadow_mask(canvas, shadows)[first:]
    lost = (1 - np.exp(-canvas.light.haze * depth)).astype(np.float32)[..., None]
    veil = np.array(canvas.light.horizon, np.float32)
    lit = canvas.image[first:].astype(np.float32) * factor[..., None].astype(np.float32)
    canvas.image[first:] = np.clip(lit * (1 - lost) + veil * lost, 0, 255).astype(np.uint8)


def _sample(texture: Texture, x: Floats, z: Floats) -> NDArray[np.float32]:
    """The repeating texture at ground points."""
    side = len(texture)
    rows = (z * (side / TILE)).astype(np.int64) % side
    columns = (x * (side / TILE)).astype(np.int64) % side
    return np.asarray(texture[rows, columns])


def _joints(x: Floats, z: Floats, depth: Floats) -> NDArray[np.float32]:
    """Dark lines between paving slabs, 0.7 m by 0.9 m, fading where they would be finer than a pixel."""
    fade = np.clip(1.2 - depth / 22, 0, 1) * 0.16
    return np.asarray((((x % 0.7) < 0.05) | ((z % 0.9) < 0.06)) * fade, np.float32)


def _shadow_mask(canvas: Canvas, shadows: Iterable[Shadow]) -> NDArray[np.float32]:
    """Soft shadows, (H, W) from 0 to 1."""
    camera = canvas.camera
    turns = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    circle = np.stack((np.cos(turns), np.zeros(12), np.sin(turns)), axis=1)
    mask = np.zeros(camera.size, np.uint8)
    for s in shadows:
        outline = camera.clip(np.array((s.x, 0.0, s.z)) + circle * (s.half_x, 0.0, s.half_z))
        if len(outline) >= 3:
            pixels = np.clip(camera.project(outline), -1e5, 1e5)
            cv2.fillPoly(mask, [np.rint(pixels).astype(np.int32)], 255)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), max(camera.size[1] / 320, 0.5)).astype(np.float32) / 255)
