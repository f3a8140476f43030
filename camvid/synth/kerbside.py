"""What stands between the road and the houses: lamps, signs, signals, railings, trees, parked cars, road works."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from camvid.synth.barriers import Barrier, paint_railings
from camvid.synth.chance import pick
from camvid.synth.fleet import CARS, OFFROADERS
from camvid.synth.furniture import (
    BLACK,
    GREEN,
    SIGNALS,
    paint_bin,
    paint_cone,
    paint_lamp,
    paint_pole,
    paint_sign,
    paint_traffic_light,
)
from camvid.synth.kinds import Kind
from camvid.synth.light import Color
from camvid.synth.plants import random_tree
from camvid.synth.plots import planted
from camvid.synth.section import Section
from camvid.synth.solids import Pose
from camvid.synth.themes import Theme
from camvid.synth.things import Thing, upright, vehicle

_WOOD: Color = (96, 80, 62)
_SIGN_ODDS = {"limit": 4, "no entry": 3, "ahead": 4, "warning": 5, "direction": 2, "parking": 3, "notice": 3}
_SMALL_ODDS = {"": 42, "sign": 22, "bollards": 20, "bin": 10, "post": 6}


@dataclass(frozen=True)
class Kerb:
    """One kerb (side -1 left, 1 right) from z0 to z1."""

    section: Section
    theme: Theme
    side: int
    z0: float
    z1: float

    def x(self, behind: float) -> float:
        """The line that lies so many metres behind the kerb."""
        return self.side * (self.section.kerb(self.side) + behind)


def kerbside(rng: np.random.Generator, kerb: Kerb) -> list[Thing]:
    """Everything along one kerb, apart from signals."""
    things = _lamps(kerb) + _railings(rng, kerb) + _parked(rng, kerb)
    for start in np.arange(kerb.z0 + 1, kerb.z1 - 3, 4.5):
        things += _small(rng, kerb.x(0.55), float(start + rng.uniform(0, 2.5)))
    for z in np.arange(kerb.z0 + 4, kerb.z1, 8.0):
        if rng.random() < kerb.theme.trees:
            things.append(planted(random_tree(rng, kerb.x(0.9), float(z))))
    return things


def _lamps(kerb: Kerb) -> list[Thing]:
    """A lamp every 18 m, the two sides by turns."""
    x, start = kerb.x(0.6), float(np.ceil(kerb.z0 / 18)) * 18 + (6 if kerb.side > 0 else -3)
    places = [float(z) for z in np.arange(start, kerb.z1, 18.0)]
    reach = -1.6 * kerb.side
    return [upright(partial(paint_lamp, x=x, z=z, height=7.5, reach=reach), x, z, 0.2) for z in places]


def _railings(rng: np.random.Generator, kerb: Kerb) -> list[Thing]:
    """Railings from shortly after the start, for 10 m or more, if there are any."""
    if rng.random() >= kerb.theme.railings:
        return []
    color: Color = BLACK if rng.random() < 0.5 else (176, 180, 182)
    starts = np.arange(kerb.z0 + 2, kerb.z0 + float(rng.uniform(10, max(kerb.z1 - kerb.z0, 11))), 5.0)
    runs = [Barrier(kerb.x(0.3), float(z), float(z) + 5, 1.05, color) for z in starts]
    return [Thing(run.z1, partial(paint_railings, barrier=run)) for run in runs]


def _small(rng: np.random.Generator, x: float, z: float) -> list[Thing]:
    """A sign, bin, post or two bollards, or nothing."""
    match pick(rng, list(_SMALL_ODDS), list(_SMALL_ODDS.values())):
        case "sign":
            name = pick(rng, list(_SIGN_ODDS), list(_SIGN_ODDS.values()))
            return [upright(partial(paint_sign, x=x, z=z, name=name, up=float(rng.uniform(2.0, 2.6))), x, z)]
        case "bollards":
            stub = partial(paint_pole, x=x, height=1.0, radius=0.09, color=BLACK)
            return [upright(partial(stub, z=place), x, place, 0.2) for place in (z, z + 1.5)]
        case "bin":
            return [upright(partial(paint_bin, x=x, z=z, color=pick(rng, (GREEN, BLACK))), x, z, 0.5)]
        case "post":
            return [upright(partial(paint_pole, x=x, z=z, height=7.0, radius=0.11, color=_WOOD), x, z, 0.2)]
    return []


def _parked(rng: np.random.Generator, kerb: Kerb) -> list[Thing]:
    """Cars on the parking strip, if there is one."""
    if kerb.section.margin(kerb.side).kind is not Kind.ParkingBlock:
        return []
    x, things = kerb.side * (kerb.section.half + 1.15), []
    for z in np.arange(kerb.z0 + 3, kerb.z1 - 2, 5.8):
        if rng.random() < kerb.theme.parked:
            model = pick(rng, (*CARS, *CARS, *OFFROADERS))
            pose = Pose(x + float(rng.uniform(-0.15, 0.15)), float(z), 0.0 if kerb.side < 0 else np.pi)
            things.append(vehicle(model, pose, pick(rng, model.paints)))
    return things


def signals(rng: np.random.Generator, section: Section, z: float) -> list[Thing]:
    """Traffic lights that show the same: left and right of a stop line, and in the middle of a wide street."""
    state = pick(rng, range(len(SIGNALS)), (0.45, 0.1, 0.45))
    xs = [-section.kerb(-1) - 0.5, section.kerb(1) + 0.5, *([0.0] if section.lanes > 1 else [])]
    return [upright(partial(paint_traffic_light, x=x, z=z, state=state), x, z, 0.2) for x in xs]


def roadworks(rng: np.random.Generator, section: Section, z: float) -> list[Thing]:
    """A slanting row of cones that closes part of a lane, more of it on the other side, with a warning before it."""
    side, count = pick(rng, (-1, 1), (0.3, 0.7)), int(rng.integers(6, 13))
    edge, closed = section.half * side, section.lane * (0.45 if side > 0 else 0.2)
    things = [upright(partial(paint_sign, x=edge, z=z - 1.5, name="warning", up=1.0), edge, z - 1.5)]
    for i, share in enumerate(np.minimum(np.linspace(0, 2, count), 1.0)):
        x, place = edge - side * closed * float(share), z + 1.5 * i
        things.append(upright(partial(paint_cone, x=x, z=place), x, place, 0.3))
    return things
