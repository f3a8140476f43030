"""Whoever moves: vehicles in their lanes, cyclists along the kerb, people on pavements and crossings."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np

from camvid.synth.chance import pick
from camvid.synth.fleet import CARS, HEAVY, OFFROADERS, TRACTOR, TRAM, Vehicle
from camvid.synth.light import Color
from camvid.synth.passersby import Make, cyclist, motorcyclist, parent, rare, somebody
from camvid.synth.section import Section
from camvid.synth.solids import Pose
from camvid.synth.themes import Theme
from camvid.synth.things import Thing, vehicle

SPAN = 112.0  # metres of street ahead of the camera that are peopled
_TRAM_CARS = 3


@dataclass(frozen=True)
class Moment:
    """When a frame is taken: seconds and metres since the first one, and where the camera and the next crossing are."""

    time: float
    travelled: float
    camera_z: float
    crossing: float


class Actor(Protocol):
    """Somebody with a line to follow."""

    def things(self, now: Moment) -> list[Thing]:
        """What to paint for this actor."""


@dataclass(frozen=True)
class Mover:
    """Moves along the street at a steady speed (m/s, negative: towards the camera), `start` metres ahead at first.

    Whoever falls closer to the camera than `nearest` metres comes again at the far end of the span.
    """

    make: Make
    x: float
    start: float
    speed: float
    nearest: float = 5.0

    def things(self, now: Moment) -> list[Thing]:
        """See Actor."""
        ahead = (self.start + self.speed * now.time - now.travelled) % SPAN + self.nearest
        return self.make(Pose(self.x, now.camera_z + ahead, 0.0 if self.speed >= 0 else np.pi), now.time)


@dataclass(frozen=True)
class Crosser:
    """Walks over the crossing ahead, again and again from one side (speed above 0: from the left) to the other."""

    make: Make
    reach: float  # metres from the middle of the road to where the way ends
    start: float
    speed: float
    lag: float  # metres off the middle of the crossing

    def things(self, now: Moment) -> list[Thing]:
        """See Actor."""
        way = (self.start + abs(self.speed) * now.time) % (2 * self.reach) - self.reach
        side = 1 if self.speed > 0 else -1
        return self.make(Pose(side * way, now.crossing + 1.3 + self.lag, side * np.pi / 2), now.time)


@dataclass(frozen=True)
class Queued:
    """Somebody in a lane, and the metres of it that they take."""

    make: Make
    length: float


def _vehicle(pose: Pose, time: float, model: Vehicle, paint: Color) -> list[Thing]:
    return [vehicle(model, Pose(pose.x, pose.z + model.length / 2, pose.heading), paint)]


def _tram(pose: Pose, time: float, paint: Color) -> list[Thing]:
    middles = [pose.z + (i + 0.5) * (TRAM.length + 0.3) for i in range(_TRAM_CARS)]
    return [vehicle(TRAM, Pose(pose.x, z, pose.heading), paint) for z in middles]


def _one_of(rng: np.random.Generator, models: Sequence[Vehicle]) -> Queued:
    model = pick(rng, models)
    return Queued(partial(_vehicle, model=model, paint=pick(rng, model.paints)), model.length)


def _motorcycle(rng: np.random.Generator) -> Queued:
    return Queued(motorcyclist(rng), 2.2)


def _anyone(rng: np.random.Generator) -> Queued:
    models = pick(rng, (CARS, OFFROADERS, HEAVY, ()), (0.61, 0.18, 0.11, 0.1))
    return _one_of(rng, models) if models else _motorcycle(rng)


def _lane(rng: np.random.Generator, line: Mover, gap: float, first: Sequence[Queued]) -> list[Mover]:
    """A lane of vehicles that keep their order, moving as `line` does; those in `first` come whatever the odds."""
    movers: list[Mover] = []
    queue, z = list(first), line.start
    while True:
        item = queue.pop(0) if queue else _anyone(rng)
        if z + item.length > SPAN - 6:
            return movers
        movers.append(Mover(item.make, line.x + float(rng.uniform(-0.25, 0.25)), z, line.speed, line.nearest))
        z += item.length + 5 + float(rng.exponential(gap))


def vehicles(rng: np.random.Generator, section: Section, theme: Theme, pace: float, tram: bool) -> list[Mover]:
    """All lanes. In every street come a car, an off-roader or van, and a lorry or bus; nobody is close ahead of us."""
    movers: list[Mover] = []
    for side in (-1, 1):
        for number in range(section.lanes):
            outermost = number == section.lanes - 1
            pair = (_one_of(rng, CARS), _one_of(rng, HEAVY if side > 0 and outermost else OFFROADERS))
            first = [pair[i] for i in rng.permutation(2)]
            if tram and side > 0 and outermost:
                first.append(Queued(partial(_tram, paint=pick(rng, TRAM.paints)), _TRAM_CARS * (TRAM.length + 0.3)))
            if rng.random() < 0.2:
                first.append(pick(rng, (_one_of(rng, (TRACTOR,)), _motorcycle(rng))))
            speed = pace + float(rng.uniform(-1, 1)) if side < 0 else -float(rng.uniform(6, 12))
            x, start = side * section.lane * (number + 0.5), float(rng.uniform(0, 14))
            line = Mover(first[0].make, x, start, speed, nearest=10.0 if side < 0 else 5.0)
            movers += _lane(rng, line, theme.gap, first)
    return movers


def cyclists(rng: np.random.Generator, section: Section, pace: float) -> list[Mover]:
    """One to three of them, close to the kerb on either side; the first goes ahead of us, about as fast as we do."""
    x = section.half - float(rng.uniform(0.3, 0.8))
    movers = [Mover(cyclist(rng), -x, float(rng.uniform(4, 11)), pace + float(rng.uniform(-0.4, 0.4)))]
    for start in SPAN * rng.random(int(rng.integers(0, 3))):
        side = int(rng.choice((-1, 1)))
        movers.append(Mover(cyclist(rng), side * x, float(start), -4.5 * side))
    return movers


def walkers(rng: np.random.Generator, section: Section, theme: Theme) -> list[Mover]:
    """People on both pavements: parents with a child at three places ahead, three rarer guests, and others."""
    count = int(theme.walkers * rng.uniform(0.7, 1.3))
    makes = [*(parent(rng) for _ in range(3)), *rare(rng, 3), *(somebody(rng) for _ in range(count))]
    starts = [*(30 * np.arange(3) + rng.uniform(5, 25, 3)), *((SPAN - 15) * rng.random(count + 3) ** 1.4)]
    movers = []
    for make, start in zip(makes, starts, strict=True):
        side = int(rng.choice((-1, 1)))
        x = side * float(rng.uniform(*section.walk(side)))
        movers.append(Mover(make, x, float(start), float(rng.uniform(0.8, 1.6) * rng.choice((-1, 1)))))
    return movers


def crossers(rng: np.random.Generator, section: Section) -> list[Crosser]:
    """Up to three people on the crossing ahead."""
    reach = max(section.kerb(-1), section.kerb(1)) + 1
    people = []
    for _ in range(int(rng.integers(0, 4))):
        start, speed = float(rng.uniform(0, 2 * reach)), float(rng.uniform(1, 1.6) * rng.choice((-1, 1)))
        people.append(Crosser(somebody(rng), reach, start, speed, lag=float(rng.uniform(-1, 1))))
    return people


def cast(rng: np.random.Generator, section: Section, theme: Theme, pace: float, tram: bool) -> list[Actor]:
    """Everybody who moves in one street; `pace` is the camera's speed in m/s."""
    return [
        *vehicles(rng, section, theme, pace, tram),
        *cyclists(rng, section, pace),
        *walkers(rng, section, theme),
        *crossers(rng, section),
    ]
