"""Who comes along on foot or on two wheels: each is a function from a pose and a time to things."""

from collections.abc import Callable
from functools import partial

import numpy as np

from camvid.synth.chance import pick
from camvid.synth.light import Color
from camvid.synth.people import COATS, Person, paint_person, pushing, random_person, walking
from camvid.synth.riders import (
    paint_animal,
    paint_cyclist,
    paint_mobility_scooter,
    paint_motorcycle,
    paint_pram,
    paint_suitcase,
)
from camvid.synth.solids import Pose
from camvid.synth.things import Thing, upright

Make = Callable[[Pose, float], list[Thing]]  # what stands at a pose at a time in seconds
FURS: tuple[Color, ...] = ((150, 110, 70), (60, 52, 46), (206, 196, 180), (104, 72, 48))
_STRIDE = 11.0  # radians of a walker's phase per second


def _walker(pose: Pose, time: float, person: Person, offset: float = 0.0) -> list[Thing]:
    stance = walking(_STRIDE * time + offset)
    return [upright(partial(paint_person, person=person, stance=stance, pose=pose), pose.x, pose.z, 0.35)]


def _with_child(pose: Pose, time: float, person: Person, child: Person) -> list[Thing]:
    return _walker(pose, time, person) + _walker(pose.moved(0.6, 0.1), time, child, 1.0)


def _with_pram(pose: Pose, time: float, person: Person) -> list[Thing]:
    painter = partial(paint_person, person=person, stance=pushing(_STRIDE * time), pose=pose)
    pram = pose.moved(0, 0.95)
    return [
        upright(painter, pose.x, pose.z, 0.35),
        upright(partial(paint_pram, pose=pram, color=person.trousers), pram.x, pram.z, 0.5),
    ]


def _with_suitcase(pose: Pose, time: float, person: Person, color: Color) -> list[Thing]:
    case = pose.moved(0.35, -0.5)
    return [
        *_walker(pose, time, person),
        upright(partial(paint_suitcase, pose=case, color=color), case.x, case.z, 0.3),
    ]


def _with_dog(pose: Pose, time: float, person: Person, fur: Color, size: float) -> list[Thing]:
    return _walker(pose, time, person) + _animal(pose.moved(0.8, 0.5), time, fur, size)


def _animal(pose: Pose, time: float, fur: Color, size: float) -> list[Thing]:
    painter = partial(paint_animal, pose=pose, size=size, coat=fur, phase=14 * time)
    return [upright(painter, pose.x, pose.z, size * 0.6)]


def _cyclist(pose: Pose, time: float, person: Person) -> list[Thing]:
    return [upright(partial(paint_cyclist, person=person, phase=7 * time, pose=pose), pose.x, pose.z, 0.5)]


def _motorcycle(pose: Pose, time: float, person: Person) -> list[Thing]:
    return [upright(partial(paint_motorcycle, person=person, pose=pose), pose.x, pose.z, 0.5)]


def _mobility_scooter(pose: Pose, time: float, person: Person) -> list[Thing]:
    return [upright(partial(paint_mobility_scooter, person=person, pose=pose), pose.x, pose.z, 0.6)]


def somebody(rng: np.random.Generator) -> Make:
    """A person at random, one in five a child."""
    child = bool(rng.random() < 0.2)
    return partial(_walker, person=random_person(rng, child), offset=float(rng.uniform(0, 6)))


def parent(rng: np.random.Generator) -> Make:
    """An adult with a child at the right hand."""
    return partial(_with_child, person=random_person(rng), child=random_person(rng, child=True))


def cyclist(rng: np.random.Generator) -> Make:
    """Somebody on a bicycle."""
    return partial(_cyclist, person=random_person(rng))


def motorcyclist(rng: np.random.Generator) -> Make:
    """Somebody on a motorcycle."""
    return partial(_motorcycle, person=random_person(rng))


def rare(rng: np.random.Generator, count: int) -> list[Make]:
    """Different rarer passers-by: with a pram, a suitcase or a dog, on a mobility scooter, a stray horse."""
    person, fur = random_person(rng), pick(rng, FURS)
    everybody: list[Make] = [
        partial(_with_pram, person=person),
        partial(_with_suitcase, person=person, color=pick(rng, COATS)),
        partial(_with_dog, person=person, fur=fur, size=float(rng.uniform(0.45, 0.8))),
        partial(_mobility_scooter, person=person),
        partial(_animal, fur=fur, size=float(rng.uniform(1.3, 1.6))),
    ]
    odds = (0.28, 0.22, 0.28, 0.16, 0.06)
    return [everybody[i] for i in rng.choice(len(everybody), count, replace=False, p=odds)]
