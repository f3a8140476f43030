"""A world: one street in one light, with a camera car driving along it. From it, every frame of a sequence is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from camvid.synth.camera import FAR, Camera
from camvid.synth.chance import pick
from camvid.synth.light import LIGHTS, Light
from camvid.synth.noise import Texture, fractal
from camvid.synth.section import random_section
from camvid.synth.street import Street
from camvid.synth.themes import THEMES
from camvid.synth.things import Thing
from camvid.synth.traffic import Actor, Moment, cast

MOUNTING = ("focal", "horizon", "pan", "y", "bonnet")  # what the camera has, wherever its car drives
_STREET, SKYLINE, SENSOR = 1, 2, 3  # purposes that have random numbers of their own


@dataclass(frozen=True)
class CameraCar:
    """How the camera car sees and drives. Shares are of the picture's width or height."""

    focal: float  # share of the width
    horizon: float  # share of the height
    pan: float  # share of the width that the vanishing point lies off the middle
    x: float  # metres right of the middle of the road
    y: float  # metres above the ground
    start: float  # metres along the street at frame 0
    pace: float  # metres from frame to frame, which are a second apart
    bend: float
    bonnet: float  # share of the height that the car's own bonnet takes; 0: it is out of sight


@dataclass(frozen=True)
class World:
    """All that stays the same from frame to frame."""

    seed: tuple[int, ...]
    light: Light
    street: Street
    car: CameraCar
    actors: Sequence[Actor]
    clouds: Texture
    texture: Texture

    def seen_by(self, car: CameraCar) -> World:
        """The same street, seen by the camera of another car."""
        mounting = {name: getattr(car, name) for name in MOUNTING}
        return replace(self, car=replace(self.car, **mounting))

    def _z(self, index: int) -> float:
        return self.car.start + index * self.car.pace

    def camera(self, index: int, size: tuple[int, int]) -> Camera:
        """The camera at frame `index`; it sways a little."""
        height, width = size
        sway = np.sin(np.array((0.9, 1.7)) * index + self.seed[-1] % 7)
        centre = (
            width * (0.5 + self.car.pan + 0.02 * float(sway[0])),
            height * (self.car.horizon + 0.012 * float(sway[1])),
        )
        return Camera(size, self.car.x, self.car.y, self._z(index), self.car.focal * width, centre, self.car.bend)

    def things(self, index: int) -> list[Thing]:
        """Whatever stands or moves within sight at frame `index`, the farthest first."""
        z = self._z(index)
        now = Moment(float(index), index * self.car.pace, z, self.street.crossing(z + 6))
        found = [thing for block in self.street.near(z) for thing in block.things]
        found += [thing for actor in self.actors for thing in actor.things(now)]
        return sorted((thing for thing in found if thing.depth < z + FAR), key=lambda thing: -thing.depth)

    def rng(self, purpose: int, index: int = 0) -> np.random.Generator:
        """Random numbers for one purpose (and frame), always the same ones."""
        return np.random.default_rng((*self.seed, purpose, index))


def make_world(seed: int | Sequence[int]) -> World:
    """Draw a world; seeds are non-negative whole numbers."""
    seed = (seed,) if isinstance(seed, int) else tuple(seed)
    rng = np.random.default_rng(seed)
    light = replace(pick(rng, LIGHTS, [light.odds for light in LIGHTS]), sun_side=pick(rng, (-1.0, 1.0)))
    theme = pick(rng, THEMES, [theme.odds for theme in THEMES])
    section = random_section(rng)
    tram, works = bool(rng.random() < 0.15), bool(rng.random() < 0.35)
    street = Street((*seed, _STREET), section, theme, bool(rng.random() < 0.3), bool(rng.random() < 0.4), tram, works)
    pace = float(rng.uniform(4, 9))
    car = CameraCar(
        focal=float(rng.uniform(0.8, 1.05)),
        horizon=float(rng.uniform(0.42, 0.52)),
        pan=float(rng.uniform(-0.07, 0.07)),
        x=-section.lane * (section.lanes - 0.5) + float(rng.uniform(-0.3, 0.3)),
        y=float(rng.uniform(1.25, 1.7)),
        start=float(rng.uniform(0, 100)),
        pace=pace,
        bend=float(rng.uniform(-1, 1)) * theme.bend,
        bonnet=float(rng.uniform(0.03, 0.08)) if rng.random() < 0.25 else 0.0,
    )
    actors = cast(rng, section, theme, pace, tram)
    clouds = fractal(rng, (128, 320), 3, 5)
    texture = fractal(rng, (384, 384), 48, 4, 0.9)
    return World(seed, light, street, car, actors, clouds, texture)
