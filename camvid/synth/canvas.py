"""The picture and its label, painted together."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from camvid.synth.camera import NEAR, Camera, Floats
from camvid.synth.kinds import Kind
from camvid.synth.light import Color, Ink, Light
from camvid.synth.surfaces import SHIFT, Fixed, Surfaces, flat, rods, upright

_FAR_OFF = 2.0**24  # no vertex lies farther from the picture than this, in 1/16 pixel
_ARC = np.linspace(-np.pi / 2, np.pi / 2, 6)


def _fixed(pixels: Floats) -> Fixed:
    return np.minimum(np.maximum(np.rint(pixels * (1 << SHIFT)), -_FAR_OFF), _FAR_OFF).astype(np.int32)


def _stick_outlines(ends: Floats, radii: Floats) -> Floats:
    """Outlines (S, 12, 2) of sticks between ends (S, 2, 2) with radii (S, 2), all in pixels."""
    turn = np.arctan2(ends[:, 1, 1] - ends[:, 0, 1], ends[:, 1, 0] - ends[:, 0, 0])[:, None] + _ARC  # (S, 6)
    cap = np.stack((np.cos(turn), np.sin(turn)), axis=2)  # the half circles that look from the first end to the second
    return np.concatenate((ends[:, 1:] + radii[:, 1:, None] * cap, ends[:, :1] - radii[:, :1, None] * cap), axis=1)


class Canvas:
    """One raster with four channels: red, green, blue and class.

    Every stroke fills all four at once, without smoothing its edge, so the label has exactly the shapes of the picture.
    Colours are those of the thing in plain white light: the canvas adds shade, haze and tint. With `surfaces`, each
    stroke leaves there where it lies.
    """

    def __init__(self, camera: Camera, light: Light, surfaces: Surfaces | None = None) -> None:
        self.camera = camera
        self.light = light
        self.surfaces = surfaces
        self.pixels: NDArray[np.uint8] = np.zeros((*camera.size, 4), np.uint8)  # (H, W, 4)

    @property
    def image(self) -> NDArray[np.uint8]:
        """View of the picture, (H, W, 3) RGB."""
        return self.pixels[..., :3]

    @property
    def label(self) -> NDArray[np.uint8]:
        """View of the label, (H, W), values of `Kind`."""
        return self.pixels[..., 3]

    def stamp(self, outline: Floats, ink: Ink, kind: Kind, plane: Floats | None = None) -> None:
        """Fill an outline given in pixels (N, 2) with a final colour; `plane` (5,) says where it lies, if anywhere."""
        self._fill([_fixed(outline)], ink, kind, None if plane is None else [plane])

    def polygon(self, points: Floats, color: Color, kind: Kind, shade: float = 1.0) -> None:
        """Fill a flat polygon (N, 3) of the world, as far as it lies in front of the camera."""
        points = self.camera.clip(points)
        if len(points) >= 3:
            depths, pixels = points[:, 2] - self.camera.z, self.camera.project(points)
            planes = flat(pixels, depths, [len(points)]) if self.surfaces else None
            self._fill([_fixed(pixels)], self.light.ink(color, float(depths.mean()), shade), kind, planes)

    def patchwork(
        self, points: Floats, lengths: Sequence[int], inks: Sequence[tuple[Color, float]], kind: Kind
    ) -> None:
        """Fill many flat polygons one after another: their corners (V, 3), how many each has, its colour and shade."""
        ends = np.cumsum(lengths).tolist()
        parts = [slice(end - length, end) for end, length in zip(ends, lengths, strict=True)]
        if points[:, 2].min() < self.camera.z + NEAR:
            for part, (color, shade) in zip(parts, inks, strict=True):
                self.polygon(points[part], color, kind, shade)
            return
        depths, pixels = points[:, 2] - self.camera.z, self.camera.project(points)
        depth, fixed = float(depths.mean()), _fixed(pixels)
        planes = flat(pixels, depths, lengths)[:, None] if self.surfaces else None
        for i, (part, (color, shade)) in enumerate(zip(parts, inks, strict=True)):
            ink = self.light.ink(color, depth, shade)
            self._fill([fixed[part]], ink, kind, None if planes is None else planes[i])

    def quads(self, corners: Floats, color: Color, kind: Kind, shade: float = 1.0) -> None:
        """Fill small quads (M, 4, 3) of one colour that do not overlap, except any that the near plane cuts."""
        corners = corners[(corners[..., 2] > self.camera.z + NEAR).all(axis=1)]
        if len(corners):
            depths, pixels = corners[..., 2] - self.camera.z, self.camera.project(corners)
            planes = flat(pixels.reshape(-1, 2), depths.ravel(), [4] * len(corners)) if self.surfaces else None
            self._fill(list(_fixed(pixels)), self.light.ink(color, float(depths.mean()), shade), kind, planes)

    def sticks(self, ends: Floats, radii: Floats, colors: Sequence[Color], kind: Kind, shade: float = 1.0) -> None:
        """Fill rounded sticks, far ones first: ends (S, 2, 3) in the world, radii there (S, 2) in metres, S colours.

        If one of them reaches the near plane, none is painted.
        """
        depths = ends[:, :, 2] - self.camera.z  # (S, 2)
        if depths.min(initial=np.inf) < NEAR:
            return
        pixels, middles = self.camera.project(ends), depths.mean(axis=1)
        outlines = _fixed(_stick_outlines(pixels, radii * self.camera.focal / depths))
        planes = rods(pixels, depths)[:, None] if self.surfaces else None
        for i in np.argsort(-middles, kind="stable"):
            ink = self.light.ink(colors[i], float(middles[i]), shade)
            self._fill([outlines[i]], ink, kind, None if planes is None else planes[i])

    def facing(self, at: Floats, shapes: Floats, color: Color, kind: Kind, shade: float = 1.0) -> None:
        """Fill shapes (M, N, 2) that face the camera, each over the last; metres right of and above `at` (3,)."""
        scale = self.camera.scale(float(at[2]))
        if scale:
            pixels = _fixed(self.camera.project(at) + shapes * (scale, -scale))
            depth = float(at[2]) - self.camera.z
            ink, planes = self.light.ink(color, depth, shade), [upright(depth)]
            for outline in pixels:
                self._fill([outline], ink, kind, planes)

    def facing_sticks(self, at: Floats, ends: Floats, radii: Floats, color: Color, kind: Kind, shade: float) -> None:
        """Fill sticks of one colour in the plane that faces the camera at `at` (3,): ends (S, 2, 2), radii (S, 2)."""
        depth = np.zeros((*ends.shape[:2], 1))
        self.sticks(at + np.concatenate((ends, depth), axis=2), radii, [color] * len(ends), kind, shade)

    def _fill(self, contours: Sequence[Fixed], ink: Ink, kind: Kind, planes: Floats | Sequence[Floats] | None) -> None:
        cv2.fillPoly(self.pixels, contours, (*ink, float(kind)), cv2.LINE_8, SHIFT)
        if self.surfaces:
            self.surfaces.fill(contours, planes)
