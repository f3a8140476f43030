"""A street's cross-section: lanes, margins, verges and pavements, the same along the whole street."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from camvid.synth.chance import pick
from camvid.synth.kinds import Kind
from camvid.synth.light import Color

ASPHALT: tuple[Color, ...] = ((92, 93, 95), (78, 79, 82), (104, 102, 99), (86, 88, 92))
PAVING: tuple[Color, ...] = ((146, 142, 136), (132, 130, 128), (158, 148, 134), (150, 128, 114))
GRASS: Color = (96, 118, 62)
KERB: Color = (168, 166, 160)
_KERB_WIDTH = 0.16  # metres


@dataclass(frozen=True)
class Strip:
    """Ground between two lines along the street, x0 and x1 metres right of the middle."""

    x0: float
    x1: float
    kind: Kind
    color: Color


@dataclass(frozen=True)
class Margin:
    """What lies between the outermost lane and the kerb; without a colour of its own it is asphalt as the lanes are."""

    kind: Kind
    width: float  # metres
    color: Color | None


MARGINS = (
    Margin(Kind.Road, 0.4, None),
    Margin(Kind.RoadShoulder, 1.3, (122, 114, 102)),
    Margin(Kind.ParkingBlock, 2.4, (112, 104, 104)),
)
_MARGIN_ODDS = (0.4, 0.28, 0.32)


@dataclass(frozen=True)
class Section:
    """Widths in metres. Sides are -1 (left) and 1 (right); pairs are (left, right)."""

    lanes: int  # in each direction
    lane: float
    margins: tuple[Margin, Margin]
    verges: tuple[float, float]
    pavements: tuple[float, float]
    asphalt: Color
    paving: Color

    @property
    def half(self) -> float:
        """From the middle to the outer edge of the lanes."""
        return self.lanes * self.lane

    def margin(self, side: int) -> Margin:
        """The margin on one side."""
        return self.margins[side > 0]

    def kerb(self, side: int) -> float:
        """Distance of the kerb from the middle."""
        return self.half + self.margin(side).width

    def line(self, side: int) -> float:
        """Distance from the middle to the pavement's far edge, where plots begin."""
        return self.kerb(side) + self.verges[side > 0] + self.pavements[side > 0]

    def walk(self, side: int) -> tuple[float, float]:
        """Where people walk: nearest and farthest distance from the middle."""
        return self.line(side) - self.pavements[side > 0] + 0.5, self.line(side) - 0.4

    def strips(self) -> Iterator[Strip]:
        """The ground from the carriageway outwards."""
        yield Strip(-self.half, self.half, Kind.Road, self.asphalt)
        for side in (-1, 1):
            margin, kerb = self.margin(side), self.kerb(side)
            verge = kerb + max(self.verges[side > 0], _KERB_WIDTH)
            edges = (self.half, kerb, kerb + _KERB_WIDTH, verge, self.line(side))
            layers = (
                (margin.kind, margin.color or self.asphalt),
                (Kind.Sidewalk, KERB),
                (Kind.VegetationMisc, GRASS),
                (Kind.Sidewalk, self.paving),
            )
            for (inner, outer), (kind, color) in zip(pairwise(edges), layers, strict=True):
                if outer > inner:
                    yield Strip(side * inner, side * outer, kind, color)


def random_section(rng: np.random.Generator) -> Section:
    """A street with one or two lanes each way."""
    verges = tuple(float(rng.uniform(1.2, 2.2)) if rng.random() < 0.3 else 0.0 for _ in range(2))
    return Section(
        lanes=2 if rng.random() < 0.25 else 1,
        lane=float(rng.uniform(3.1, 3.7)),
        margins=(pick(rng, MARGINS, _MARGIN_ODDS), pick(rng, MARGINS, _MARGIN_ODDS)),
        verges=(verges[0], verges[1]),
        pavements=(float(rng.uniform(2.2, 4.2)), float(rng.uniform(2.2, 4.2))),
        asphalt=pick(rng, ASPHALT),
        paving=pick(rng, PAVING),
    )
