"""The shapes of everything that drives: outlines, windows, wheels and colours, as a table."""

from dataclasses import dataclass

from camvid.synth.kinds import Kind
from camvid.synth.light import Color

Outline = tuple[tuple[float, float], ...]  # (along the length: 0 is the rear and 1 the front, height in metres)

GLASS: Color = (52, 62, 72)
RED: Color = (190, 30, 30)
LAMP: Color = (235, 235, 215)
DARK: Color = (34, 34, 38)
YELLOW: Color = (226, 196, 60)
WHITE: Color = (232, 232, 228)

PAINTS: tuple[Color, ...] = (
    (188, 192, 196), (120, 126, 132), (40, 42, 48), (150, 30, 34), (36, 62, 120), (228, 230, 230),
    (30, 84, 70), (92, 112, 140), (170, 150, 110), (88, 20, 34), (60, 130, 160),
)  # fmt: skip


@dataclass(frozen=True)
class Patch:
    """A rectangle on the face over edge `edge` of the outline: across from -1 to 1, along the edge from 0 to 1."""

    edge: int
    across: tuple[float, float]
    along: tuple[float, float]
    color: Color


def _pairs(edge: int, across: tuple[float, float], along: tuple[float, float], color: Color) -> tuple[Patch, Patch]:
    """The same patch left and right."""
    return Patch(edge, across, along, color), Patch(edge, (-across[1], -across[0]), along, color)


def _row(count: int, start: float, end: float, low: float, high: float, gap: float = 0.15) -> tuple[Outline, ...]:
    """A row of equal windows along the side."""
    step = (end - start) / count
    lefts = [start + i * step for i in range(count)]
    return tuple(((a, low), (a, high), (a + step * (1 - gap), high), (a + step * (1 - gap), low)) for a in lefts)


@dataclass(frozen=True)
class Vehicle:
    """One model. Above `belt` the body narrows to `roof` of its width at the top of the outline."""

    kind: Kind
    length: float
    width: float
    outline: Outline
    windows: tuple[Outline, ...]
    patches: tuple[Patch, ...]
    wheels: tuple[tuple[float, float], ...]  # (place along the length, radius in metres)
    paints: tuple[Color, ...] = PAINTS
    belt: float = 0.9
    roof: float = 0.8


_CAR_ENDS = (
    *_pairs(0, (0.62, 0.95), (0.55, 0.95), RED), Patch(0, (-0.28, 0.28), (0.35, 0.65), YELLOW),
    *_pairs(-1, (0.55, 0.95), (0.05, 0.5), LAMP), Patch(-1, (-0.5, 0.5), (0.1, 0.45), DARK),
    Patch(-1, (-0.28, 0.28), (0.55, 0.85), WHITE),
)  # fmt: skip
_BUS_ENDS = (
    *_pairs(0, (0.72, 0.95), (0.12, 0.3), RED), Patch(0, (-0.85, 0.85), (0.55, 0.85), GLASS),
    *_pairs(-1, (0.7, 0.95), (0.75, 0.85), LAMP), Patch(-1, (-0.92, 0.92), (0.18, 0.62), GLASS),
    Patch(-1, (-0.6, 0.6), (0.04, 0.13), YELLOW), Patch(-1, (-0.25, 0.25), (0.88, 0.96), WHITE),
)  # fmt: skip

HATCHBACK = Vehicle(
    Kind.Car, 3.9, 1.68,
    ((0, 0.22), (0, 0.82), (0.02, 0.95), (0.12, 1.40), (0.5, 1.46), (0.70, 0.98), (0.97, 0.80), (1, 0.62), (1, 0.22)),
    (((0.09, 0.98), (0.16, 1.33), (0.36, 1.37), (0.36, 0.98)),
     ((0.39, 0.98), (0.39, 1.37), (0.49, 1.36), (0.64, 0.98))),
    (Patch(2, (-0.88, 0.88), (0.1, 0.9), GLASS), Patch(4, (-0.9, 0.9), (0.1, 0.95), GLASS), *_CAR_ENDS),
    ((0.17, 0.31), (0.82, 0.31)),
)  # fmt: skip
SALOON = Vehicle(
    Kind.Car, 4.6, 1.76,
    ((0, 0.22), (0, 0.86), (0.15, 0.98), (0.28, 1.38), (0.54, 1.42), (0.70, 0.96), (0.97, 0.78), (1, 0.6), (1, 0.22)),
    (((0.22, 0.98), (0.31, 1.31), (0.43, 1.33), (0.43, 0.98)),
     ((0.46, 0.98), (0.46, 1.33), (0.54, 1.32), (0.66, 0.98))),
    (Patch(2, (-0.88, 0.88), (0.08, 0.92), GLASS), Patch(4, (-0.9, 0.9), (0.1, 0.95), GLASS), *_CAR_ENDS),
    ((0.19, 0.31), (0.83, 0.31)),
)  # fmt: skip
ESTATE = Vehicle(
    Kind.Car, 4.7, 1.78,
    ((0, 0.22), (0, 0.9), (0.01, 1.0), (0.06, 1.42), (0.54, 1.47), (0.70, 0.99), (0.97, 0.8), (1, 0.62), (1, 0.22)),
    (*_row(2, 0.08, 0.46, 1.0, 1.36, 0.1), ((0.47, 1.0), (0.47, 1.37), (0.53, 1.37), (0.65, 1.0))),
    (Patch(2, (-0.88, 0.88), (0.1, 0.9), GLASS), Patch(4, (-0.9, 0.9), (0.1, 0.95), GLASS), *_CAR_ENDS),
    ((0.18, 0.32), (0.83, 0.32)),
)  # fmt: skip
SUV = Vehicle(
    Kind.SUVPickupTruck, 4.7, 1.9,
    ((0, 0.42), (0, 1.1), (0.01, 1.2), (0.06, 1.76), (0.56, 1.8), (0.68, 1.2), (0.97, 1.06), (1, 0.85), (1, 0.42)),
    (*_row(2, 0.08, 0.44, 1.18, 1.66, 0.1), ((0.45, 1.18), (0.45, 1.66), (0.54, 1.66), (0.64, 1.18))),
    (Patch(2, (-0.86, 0.86), (0.1, 0.9), GLASS), Patch(4, (-0.9, 0.9), (0.1, 0.95), GLASS), *_CAR_ENDS),
    ((0.18, 0.40), (0.82, 0.40)), belt=1.15, roof=0.86,
)  # fmt: skip
PICKUP = Vehicle(
    Kind.SUVPickupTruck, 5.2, 1.85,
    ((0, 0.45), (0, 1.12), (0.38, 1.12), (0.41, 1.72), (0.62, 1.75), (0.72, 1.18), (0.97, 1.05), (1, 0.85), (1, 0.45)),
    (((0.43, 1.2), (0.44, 1.62), (0.6, 1.64), (0.68, 1.2)),),
    (Patch(1, (-0.9, 0.9), (0.03, 0.95), DARK), Patch(2, (-0.8, 0.8), (0.2, 0.9), GLASS),
     Patch(4, (-0.9, 0.9), (0.1, 0.95), GLASS), *_CAR_ENDS),
    ((0.19, 0.40), (0.82, 0.40)), belt=1.2, roof=0.86,
)  # fmt: skip
VAN = Vehicle(
    Kind.SUVPickupTruck, 5.0, 1.95,
    ((0, 0.35), (0, 2.0), (0.02, 2.12), (0.72, 2.15), (0.86, 1.28), (0.98, 1.05), (1, 0.8), (1, 0.35)),
    (((0.66, 1.25), (0.66, 1.85), (0.73, 1.85), (0.82, 1.25)),),
    (*_pairs(0, (0.12, 0.8), (0.6, 0.92), GLASS), *_pairs(0, (0.86, 0.98), (0.2, 0.5), RED),
     Patch(0, (-0.28, 0.28), (0.08, 0.18), YELLOW), Patch(3, (-0.9, 0.9), (0.15, 0.95), GLASS), *_CAR_ENDS[3:]),
    ((0.2, 0.34), (0.83, 0.34)), (WHITE, WHITE, (180, 186, 190), (40, 66, 130), (150, 40, 36)), belt=1.3, roof=0.9,
)  # fmt: skip
LORRY = Vehicle(
    Kind.Truck_Bus, 9.0, 2.5,
    ((0, 0.95), (0, 3.5), (0.76, 3.5), (0.78, 2.9), (0.97, 2.8), (1, 1.5), (1, 0.5)),
    (((0.82, 1.6), (0.82, 2.4), (0.95, 2.4), (0.97, 1.6)),),
    (Patch(0, (-0.02, 0.02), (0, 1), DARK), *_pairs(0, (0.75, 0.95), (0.0, 0.06), RED),
     Patch(0, (-0.2, 0.2), (0.01, 0.06), YELLOW), Patch(4, (-0.9, 0.9), (0.1, 0.9), GLASS),
     *_pairs(5, (0.6, 0.95), (0.5, 0.8), LAMP), Patch(5, (-0.5, 0.5), (0.1, 0.6), DARK)),
    ((0.13, 0.48), (0.26, 0.48), (0.88, 0.48)),
    ((214, 216, 214), (60, 110, 60), (190, 120, 40), (170, 44, 40), (50, 80, 150)), belt=2.0, roof=1.0,
)  # fmt: skip
BUS = Vehicle(
    Kind.Truck_Bus, 11.0, 2.5,
    ((0, 0.35), (0, 2.95), (0.01, 3.05), (0.985, 3.05), (1, 2.9), (1, 0.35)),
    _row(7, 0.04, 0.86, 1.35, 2.45, 0.1),
    _BUS_ENDS, ((0.24, 0.48), (0.8, 0.48)),
    ((196, 206, 214), (36, 92, 160), (220, 216, 200), (44, 120, 80)), belt=2.2, roof=0.95,
)  # fmt: skip
DOUBLE_DECKER = Vehicle(
    Kind.Truck_Bus, 10.5, 2.5,
    ((0, 0.35), (0, 4.25), (0.01, 4.35), (0.97, 4.35), (1, 4.0), (1, 0.35)),
    (*_row(6, 0.05, 0.84, 1.35, 2.2, 0.1), *_row(8, 0.03, 0.96, 2.95, 3.75, 0.1)),
    (*_BUS_ENDS[:2], Patch(0, (-0.85, 0.85), (0.66, 0.86), GLASS), *_pairs(-1, (0.7, 0.95), (0.82, 0.9), LAMP),
     Patch(-1, (-0.92, 0.92), (0.08, 0.3), GLASS), Patch(-1, (-0.92, 0.92), (0.5, 0.76), GLASS),
     Patch(-1, (-0.5, 0.5), (0.37, 0.46), YELLOW), Patch(-1, (-0.25, 0.25), (0.9, 0.97), WHITE)),
    ((0.24, 0.48), (0.8, 0.48)), ((178, 32, 32), (178, 32, 32), (60, 120, 80)), belt=3.0, roof=0.96,
)  # fmt: skip
TRAM = Vehicle(  # one of the cars that make a train
    Kind.Train, 8.0, 2.55,
    ((0, 0.4), (0, 1.4), (0.03, 3.2), (0.05, 3.4), (0.95, 3.4), (0.97, 3.2), (1, 1.4), (1, 0.4)),
    _row(4, 0.08, 0.92, 1.4, 2.6, 0.1),
    (Patch(1, (-0.9, 0.9), (0.1, 0.75), GLASS), Patch(5, (-0.9, 0.9), (0.25, 0.9), GLASS),
     *_pairs(0, (0.7, 0.95), (0.6, 0.85), RED), *_pairs(-1, (0.6, 0.95), (0.15, 0.4), LAMP)),
    (), ((206, 150, 40), (60, 130, 90), (196, 60, 50), (80, 130, 190)), belt=2.4, roof=0.9,
)  # fmt: skip
TRACTOR = Vehicle(
    Kind.OtherMoving, 3.8, 1.9,
    ((0, 0.7), (0, 1.3), (0.08, 2.5), (0.46, 2.55), (0.52, 1.5), (0.97, 1.4), (1, 1.2), (1, 0.6)),
    (((0.1, 1.45), (0.13, 2.35), (0.44, 2.4), (0.48, 1.45)),),
    (Patch(1, (-0.85, 0.85), (0.1, 0.9), GLASS), Patch(3, (-0.85, 0.85), (0.1, 0.9), GLASS),
     *_pairs(0, (0.7, 0.95), (0.3, 0.7), RED), Patch(-1, (-0.6, 0.6), (0.1, 0.9), DARK)),
    ((0.24, 0.78), (0.84, 0.45)), ((40, 120, 50), (214, 110, 30), (220, 180, 40)), belt=1.4, roof=0.85,
)  # fmt: skip

CARS = (HATCHBACK, HATCHBACK, SALOON, ESTATE)
OFFROADERS = (SUV, PICKUP, VAN)
HEAVY = (LORRY, BUS, DOUBLE_DECKER)
