"""What lies behind the pavement, plot by plot along one side of the street."""

from collections.abc import Callable
from functools import partial
from itertools import pairwise

import numpy as np

from camvid.synth.barriers import BARRIERS, Barrier
from camvid.synth.buildings import STYLES, paint_building, random_building
from camvid.synth.chance import pick
from camvid.synth.fleet import CARS, OFFROADERS
from camvid.synth.plants import Plant, bush, paint_plant, random_tree
from camvid.synth.solids import Pose
from camvid.synth.things import Thing, upright, vehicle

Plot = Callable[[np.random.Generator, int, float, float, float], list[Thing]]  # rng, side, |x| where it begins, z0, z1


def planted(plant: Plant) -> Thing:
    """A plant with its shadow."""
    return upright(partial(paint_plant, plant=plant), plant.x, plant.z, 0.8)


def _building(rng: np.random.Generator, style: str, side: int, x: float, z0: float, z1: float) -> Thing:
    building = random_building(rng, STYLES[style], side, side * x, z0, z1)
    return Thing(z1, partial(paint_building, building=building))


def _fence(rng: np.random.Generator, side: int, x: float, z0: float, z1: float, height: float) -> list[Thing]:
    """A hedge, wall or fence between plot and pavement, in short pieces that follow a bend."""
    paint, color = pick(rng, BARRIERS)
    high = height * float(rng.uniform(0.8, 1.5))
    edges = np.linspace(z0, z1, max(int((z1 - z0) / 7), 1) + 1)
    runs = [Barrier(side * (x + 0.3), float(a), float(b), high, color) for a, b in pairwise(edges)]
    return [Thing(run.z1, partial(paint, barrier=run)) for run in runs]


def _row(style: str, rng: np.random.Generator, side: int, x: float, z0: float, z1: float) -> list[Thing]:
    """A closed row of buildings of one style, wall to wall."""
    things, z = [], z0
    low, high = STYLES[style].frontage
    while z < z1 - 0.5:
        end = z + float(rng.uniform(low, high))
        end = z1 if z1 - end < low else end
        things.append(_building(rng, style, side, x + float(rng.uniform(0, 0.5)), z, end))
        z = end
    return things


def _houses(rng: np.random.Generator, side: int, x: float, z0: float, z1: float) -> list[Thing]:
    """Houses apart from each other, behind front gardens."""
    things, z = _fence(rng, side, x, z0, z1, 0.9), z0 + 1.0
    low, high = STYLES["house"].frontage
    while z + low < z1:
        end = min(z + float(rng.uniform(low, high)), z1)
        things.append(_building(rng, "house", side, x + float(rng.uniform(3, 5)), z, end))
        if rng.random() < 0.6:
            things.append(planted(bush(rng, side * (x + 1.6), end)))
        z = end + float(rng.uniform(1.5, 4))
    return things


def _park(rng: np.random.Generator, side: int, x: float, z0: float, z1: float) -> list[Thing]:
    """Lawn with trees and bushes, mostly behind a barrier."""
    things = _fence(rng, side, x, z0, z1, 1.1) if rng.random() < 0.7 else []
    for z in np.arange(z0 + 1, z1, 4.5):
        things.append(planted(random_tree(rng, side * (x + float(rng.uniform(2.5, 14))), float(z + rng.uniform(0, 4)))))
        if rng.random() < 0.5:
            things.append(planted(bush(rng, side * (x + float(rng.uniform(1.2, 8))), float(z + rng.uniform(0, 4)))))
    return things


def _garden(rng: np.random.Generator, side: int, x: float, z0: float, z1: float) -> list[Thing]:
    """A high wall or fence with trees looking over it."""
    trees = [random_tree(rng, side * (x + float(rng.uniform(2, 6))), float(z)) for z in np.arange(z0 + 2, z1, 6.0)]
    return [*_fence(rng, side, x, z0, z1, 1.7), *map(planted, trees)]


def _car_park(rng: np.random.Generator, side: int, x: float, z0: float, z1: float) -> list[Thing]:
    """Parked cars side by side, and a hall behind them."""
    things = [_building(rng, "hall", side, x + 15, z0 + 1, z1 - 1)]
    for z in np.arange(z0 + 2, z1 - 2, 2.9):
        if rng.random() < 0.7:
            model = pick(rng, (*CARS, *OFFROADERS))
            pose = Pose(side * (x + 4), float(z), float(rng.choice((-np.pi / 2, np.pi / 2))))
            things.append(vehicle(model, pose, pick(rng, model.paints)))
    return things


def _square(rng: np.random.Generator, side: int, x: float, z0: float, z1: float) -> list[Thing]:
    """Paving with two trees."""
    return [planted(random_tree(rng, side * (x + 3), float(z))) for z in rng.uniform(z0 + 2, z1 - 2, 2)]


PLOTS: dict[str, Plot] = {
    "shops": partial(_row, "shops"),
    "terrace": partial(_row, "terrace"),
    "office": partial(_row, "office"),
    "hall": partial(_row, "hall"),
    "houses": _houses,
    "park": _park,
    "garden": _garden,
    "car park": _car_park,
    "square": _square,
}
