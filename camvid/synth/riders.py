"""Figures with something that rolls or barks: cyclists, motorcycles, scooters, prams, suitcases, animals."""

from dataclasses import replace

import numpy as np

from camvid.synth.canvas import Canvas
from camvid.synth.kinds import Kind
from camvid.synth.light import Color
from camvid.synth.people import Person, Stick, Vector, figure, paint_sticks, pedalling, seated
from camvid.synth.solids import Pose, box

TYRE: Color = (28, 28, 30)
CHROME: Color = (150, 152, 156)
_TURNS = np.linspace(0, 2 * np.pi, 16, endpoint=False)


def _scaled(sticks: list[Stick], size: float) -> list[Stick]:
    """Shares of a height as metres."""
    return [
        ((a[0] * size, a[1] * size, a[2] * size), (b[0] * size, b[1] * size, b[2] * size), ra * size, rb * size, color)
        for a, b, ra, rb, color in sticks
    ]


def _wheel(centre: Vector, radius: float, thickness: float, spokes: int = 0) -> list[Stick]:
    """A tyre as a ring of sticks, with as many spokes as asked for (metres)."""
    r, u, f = centre
    rim: list[Vector] = [(r, u + radius * float(np.sin(t)), f + radius * float(np.cos(t))) for t in _TURNS]
    ring: list[Stick] = [(rim[i - 1], rim[i], thickness, thickness, TYRE) for i in range(len(rim))]
    step = len(rim) // spokes if spokes else len(rim) + 1
    return ring + [(centre, rim[i], 0.008, 0.008, CHROME) for i in range(0, len(rim), step) if spokes]


def _bicycle(frame: Color) -> list[Stick]:
    """A bicycle 1.75 m long, its cranks above the pose (metres)."""
    rear, front, crank = (0.0, 0.33, -0.52), (0.0, 0.33, 0.55), (0.0, 0.30, -0.05)
    saddle, head, bar = (0.0, 0.88, -0.2), (0.0, 0.82, 0.38), (0.0, 1.0, 0.36)
    tubes = (
        (rear, crank),
        (crank, saddle),
        (crank, head),
        (saddle, head),
        (rear, (0.0, 0.7, -0.15)),
        (head, front),
        (head, bar),
    )
    bike: list[Stick] = [(a, b, 0.022, 0.022, frame) for a, b in tubes]
    bike += [
        ((-0.26, 1.0, 0.36), (0.26, 1.0, 0.36), 0.02, 0.02, TYRE),
        ((0, 0.9, -0.3), (0, 0.91, -0.12), 0.05, 0.03, TYRE),
    ]
    return bike + _wheel(rear, 0.31, 0.026, 8) + _wheel(front, 0.31, 0.026, 8)


def paint_cyclist(canvas: Canvas, person: Person, phase: float, pose: Pose) -> None:
    """A person who rides a bicycle; both are Bicyclist."""
    rider = _scaled(figure(replace(person, bag=None, skirt=False), pedalling(phase)), person.height)
    paint_sticks(canvas, _bicycle(person.bag or (60, 60, 66)) + rider, pose, 1.0, Kind.Bicyclist)


def paint_motorcycle(canvas: Canvas, person: Person, pose: Pose) -> None:
    """A person with a helmet on a motorcycle; both are MotorcycleScooter."""
    paint = person.coat if person.bag is None else person.bag
    bike: list[Stick] = [
        ((0, 0.5, -0.1), (0, 0.5, 0.25), 0.2, 0.2, CHROME),
        ((0, 0.78, -0.55), (0, 0.74, -0.05), 0.1, 0.14, TYRE),
        ((0, 0.82, 0.0), (0, 0.88, 0.35), 0.16, 0.17, paint),
        ((0, 0.8, 0.5), (0, 0.32, 0.72), 0.06, 0.05, CHROME),
        ((-0.36, 1.05, 0.4), (0.36, 1.05, 0.4), 0.03, 0.03, TYRE),
        ((0, 0.85, 0.58), (0, 0.86, 0.6), 0.12, 0.12, (240, 236, 200)),
        ((0, 0.7, -0.72), (0, 0.7, -0.7), 0.07, 0.07, (190, 30, 30)),
        *_wheel((0, 0.32, -0.6), 0.26, 0.075),
        *_wheel((0, 0.32, 0.72), 0.26, 0.07),
    ]
    rider = replace(person, bag=None, skirt=False, hair=paint, skin=(50, 54, 60))
    sticks = bike + _scaled(figure(rider, seated(0.46)), person.height)
    paint_sticks(canvas, sticks, pose, 1.0, Kind.MotorcycleScooter)


def paint_mobility_scooter(canvas: Canvas, person: Person, pose: Pose) -> None:
    """A person in a four-wheeled electric seat; both are OtherMoving."""
    paint = person.bag or (170, 40, 44)
    seat: list[Stick] = [
        ((0, 0.26, -0.5), (0, 0.22, 0.5), 0.2, 0.16, paint),
        ((0, 0.5, -0.3), (0, 0.52, 0.0), 0.2, 0.2, TYRE),
        ((0, 0.6, -0.38), (0, 1.0, -0.42), 0.2, 0.2, TYRE),
        ((0, 0.3, 0.55), (0, 0.95, 0.45), 0.07, 0.06, paint),
        ((-0.25, 0.98, 0.42), (0.25, 0.98, 0.42), 0.03, 0.03, TYRE),
        *(((r, 0.14, f), (r, 0.14, f + 0.02), 0.14, 0.14, TYRE) for r in (-0.26, 0.26) for f in (-0.45, 0.5)),
    ]
    sticks = seat + _scaled(figure(replace(person, skirt=False), seated(0.38, 0.26)), person.height)
    paint_sticks(canvas, sticks, pose, 1.0, Kind.OtherMoving)


def paint_pram(canvas: Canvas, pose: Pose, color: Color) -> None:
    """A pram: tub, hood, handle and four wheels; CartLuggagePram."""
    pram: list[Stick] = [
        ((0, 0.62, -0.2), (0, 0.6, 0.25), 0.2, 0.18, color),
        ((0, 0.84, 0.1), (0, 0.78, 0.26), 0.2, 0.19, (color[0] * 0.7, color[1] * 0.7, color[2] * 0.7)),
        *(((r, 0.2, -0.32), (r, 0.5, 0.2), 0.02, 0.02, CHROME) for r in (-0.18, 0.18)),
        *(((r, 0.2, 0.34), (r, 0.92, -0.48), 0.02, 0.02, CHROME) for r in (-0.18, 0.18)),
        ((-0.2, 0.94, -0.5), (0.2, 0.94, -0.5), 0.025, 0.025, TYRE),
        *(s for r in (-0.2, 0.2) for f in (-0.32, 0.34) for s in _wheel((r, 0.14, f), 0.12, 0.025, 4)),
    ]
    paint_sticks(canvas, pram, pose, 1.0, Kind.CartLuggagePram)


def paint_suitcase(canvas: Canvas, pose: Pose, color: Color) -> None:
    """A suitcase on wheels with its handle out; CartLuggagePram."""
    box(canvas, Pose(pose.x, pose.z, pose.heading, pose.y + 0.06), (0.45, 0.66, 0.28), color, Kind.CartLuggagePram)
    rods: list[Stick] = [((r, 0.7, 0), (r, 1.0, 0.1), 0.015, 0.015, CHROME) for r in (-0.12, 0.12)]
    paint_sticks(canvas, rods, pose, 1.0, Kind.CartLuggagePram)


def paint_animal(canvas: Canvas, pose: Pose, size: float, coat: Color, phase: float) -> None:
    """A dog (`size` 0.6, its height in metres) up to a horse (1.7)."""
    swing = 0.12 * float(np.sin(phase))
    animal: list[Stick] = [
        ((0, 0.66, -0.42), (0, 0.68, 0.32), 0.17, 0.19, coat),
        ((0, 0.74, 0.36), (0, 0.98, 0.55), 0.12, 0.09, coat),
        ((0, 1.0, 0.55), (0, 0.9, 0.8), 0.11, 0.06, coat),
        ((-0.06, 1.06, 0.54), (-0.07, 1.16, 0.53), 0.04, 0.02, coat),
        ((0.06, 1.06, 0.54), (0.07, 1.16, 0.53), 0.04, 0.02, coat),
        ((0, 0.74, -0.5), (0, 0.6, -0.78), 0.045, 0.03, coat),
    ]
    for right, forward, sign in ((-0.1, 0.3, 1), (0.1, 0.3, -1), (-0.1, -0.4, -1), (0.1, -0.4, 1)):
        animal.append(((right, 0.6, forward), (right, 0.05, forward + sign * swing), 0.075, 0.05, coat))
    paint_sticks(canvas, animal, pose, size, Kind.Animal)
