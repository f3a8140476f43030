"""People as jointed figures: a skeleton posed in metres, dressed in rounded sticks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from camvid.synth.canvas import Canvas
from camvid.synth.chance import pick
from camvid.synth.kinds import Kind
from camvid.synth.light import Color
from camvid.synth.solids import Pose

Vector = tuple[float, float, float]  # right, up, forward
Stick = tuple[Vector, Vector, float, float, Color]  # two ends, their radii, colour

SKINS: tuple[Color, ...] = ((226, 182, 152), (196, 148, 112), (140, 98, 70), (92, 64, 48))
HAIRS: tuple[Color, ...] = ((40, 32, 28), (88, 62, 40), (160, 128, 80), (120, 118, 116), (24, 22, 24))
COATS: tuple[Color, ...] = (
    (36, 38, 46), (120, 32, 40), (44, 64, 110), (92, 88, 80), (190, 180, 160), (60, 90, 60), (206, 120, 40),
    (170, 60, 110), (230, 226, 220), (70, 50, 90), (200, 170, 40),
)  # fmt: skip
TROUSERS: tuple[Color, ...] = ((30, 32, 40), (48, 60, 96), (84, 76, 64), (112, 112, 116), (40, 36, 34))
SHOES: Color = (28, 26, 26)


@dataclass(frozen=True)
class Person:
    """How somebody looks. `height` is in metres, `head` the head's height as a share of it."""

    height: float
    head: float
    skin: Color
    hair: Color
    coat: Color
    trousers: Color
    skirt: bool
    bag: Color | None
    kind: Kind = Kind.Pedestrian


def random_person(rng: np.random.Generator, child: bool = False) -> Person:
    """Somebody at random: an adult of 1.55 to 1.9 m or a child of 0.9 to 1.35 m."""
    height = float(rng.uniform(0.9, 1.35) if child else rng.uniform(1.55, 1.9))
    coat = pick(rng, COATS[1:] if child else COATS)
    bag = pick(rng, COATS) if rng.random() < 0.4 else None
    look = (pick(rng, SKINS), pick(rng, HAIRS), coat, pick(rng, TROUSERS), bool(rng.random() < 0.2), bag)
    return Person(height, 0.18 if child else 0.135, *look, Kind.Child if child else Kind.Pedestrian)


@dataclass(frozen=True)
class Stance:
    """Joints as shares of the body's height: where the hips are, how trunk, hands, knees and feet lie to them."""

    hip: Vector
    lean: float  # how far forward of the hips the neck is
    hands: tuple[Vector, Vector]
    knees: tuple[Vector, Vector]
    feet: tuple[Vector, Vector]


def walking(phase: float) -> Stance:
    """A stride; `phase` in radians, pi swaps left and right."""
    swing = float(np.sin(phase))
    lift = 0.04 * (1 + float(np.cos(phase)))
    knees = ((-0.055, 0.27, 0.09 * swing + 0.02), (0.055, 0.27, -0.09 * swing + 0.02))
    feet = ((-0.055, 0.03 + lift * (swing < 0), 0.17 * swing), (0.055, 0.03 + lift * (swing > 0), -0.17 * swing))
    hands = ((-0.17, 0.46, -0.14 * swing), (0.17, 0.46, 0.14 * swing))
    return Stance((0.0, 0.5, 0.0), 0.01, hands, knees, feet)


def pushing(phase: float) -> Stance:
    """A stride with both hands on a handle in front."""
    walk = walking(phase)
    return Stance(walk.hip, 0.05, ((-0.12, 0.56, 0.24), (0.12, 0.56, 0.24)), walk.knees, walk.feet)


def pedalling(phase: float) -> Stance:
    """On a bicycle's saddle, hands on the bar."""
    ahead, rise = 0.1 * float(np.cos(phase)), 0.1 * float(np.sin(phase))
    feet = ((-0.06, 0.16 - rise, 0.1 - ahead), (0.06, 0.16 + rise, 0.1 + ahead))
    knees = ((-0.07, 0.38 - 0.6 * rise, 0.17), (0.07, 0.38 + 0.6 * rise, 0.17))
    return Stance((0.0, 0.54, -0.12), 0.18, ((-0.14, 0.56, 0.3), (0.14, 0.56, 0.3)), knees, feet)


def seated(seat: float, reach: float = 0.3) -> Stance:
    """Sitting at `seat` with the hands `reach` ahead: on a motorcycle or a mobility scooter."""
    hands = ((-0.16, seat + 0.22, reach), (0.16, seat + 0.22, reach))
    knees = ((-0.09, seat + 0.02, 0.2), (0.09, seat + 0.02, 0.2))
    return Stance((0.0, seat, -0.08), 0.05, hands, knees, ((-0.09, seat - 0.2, 0.24), (0.09, seat - 0.2, 0.24)))


def figure(person: Person, stance: Stance) -> list[Stick]:
    """The sticks of a dressed body, as shares of its height, in local coordinates (right, up, forward)."""
    _, hip, hip_f = stance.hip
    neck, neck_f, head = hip + 0.48 - 1.6 * person.head, hip_f + stance.lean, person.head
    skull = neck + 0.02 + head / 2
    sticks = [stick for side in (0, 1) for stick in _limbs(person, stance, side, neck, neck_f)]
    for right in (-0.05, 0.05):
        sticks.append(((right * 0.6, hip + 0.03, hip_f), (right, neck - 0.05, neck_f), 0.065, 0.07, person.coat))
    if person.skirt:
        sticks.append((stance.hip, (0, hip - 0.22, hip_f), 0.08, 0.115, person.coat))
    if person.bag:
        sticks.append(((0, neck - 0.1, neck_f - 0.09), (0, neck - 0.22, neck_f - 0.1), 0.06, 0.07, person.bag))
    sticks.append(((0, neck - 0.02, neck_f), (0, skull, neck_f), 0.03, 0.03, person.skin))
    sticks.append(((0, skull + 0.01, neck_f - 0.02), (0, skull + 0.03, neck_f), 0.5 * head, 0.42 * head, person.hair))
    sticks.append(((0, skull, neck_f + 0.02), (0, skull - 0.02, neck_f + 0.03), 0.38 * head, 0.3 * head, person.skin))
    return sticks


def _limbs(person: Person, stance: Stance, side: int, neck: float, neck_f: float) -> list[Stick]:
    """Leg and arm of one side (0 left, 1 right)."""
    sign = 2 * side - 1
    hip = (sign * 0.05, stance.hip[1], stance.hip[2])
    knee, foot, hand = stance.knees[side], stance.feet[side], stance.hands[side]
    shoulder = (sign * 0.115, neck - 0.05, neck_f)
    elbow = (sign * 0.15, (shoulder[1] + hand[1]) / 2 - 0.02, (shoulder[2] + hand[2]) / 2 - 0.04)
    toe = (foot[0], foot[1] - 0.01, foot[2] + 0.07)
    return [
        (hip, knee, 0.055, 0.042, person.trousers),
        (knee, foot, 0.042, 0.03, person.trousers),
        (foot, toe, 0.026, 0.022, SHOES),
        (shoulder, elbow, 0.042, 0.034, person.coat),
        (elbow, hand, 0.034, 0.026, person.coat),
        (hand, (hand[0], hand[1] - 0.02, hand[2] + 0.01), 0.026, 0.024, person.skin),
    ]


def paint_sticks(canvas: Canvas, sticks: Sequence[Stick], pose: Pose, size: float, kind: Kind) -> None:
    """Paint sticks, enlarged `size` times, far ones first."""
    ends = pose.world(np.array([(a, b) for a, b, *_ in sticks], np.float64) * size)  # (S, 2, 3)
    radii = np.array([(ra, rb) for _, _, ra, rb, _ in sticks], np.float64) * size
    canvas.sticks(ends, radii, [stick[4] for stick in sticks], kind, 0.92 * canvas.light.face(0, 0.35, -0.6))


def paint_person(canvas: Canvas, person: Person, stance: Stance, pose: Pose) -> None:
    """Paint a person who stands at `pose`."""
    paint_sticks(canvas, figure(person, stance), pose, person.height, person.kind)
