"""A street without end: block after block of 36 m, each drawn from its own random numbers when somebody comes near."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from camvid.synth.camera import FAR
from camvid.synth.chance import pick
from camvid.synth.fleet import TRAM
from camvid.synth.ground import Mark
from camvid.synth.kerbside import Kerb, kerbside, roadworks, signals
from camvid.synth.kinds import Kind
from camvid.synth.lettering import ROAD_WORDS
from camvid.synth.light import Color
from camvid.synth.markings import arrow, crossing, hatching, lines, rails, word, yellow_box
from camvid.synth.plots import PLOTS
from camvid.synth.section import GRASS, Section, Strip
from camvid.synth.spans import paint_bridge, paint_gatehouse, paint_tunnel
from camvid.synth.themes import Theme
from camvid.synth.things import Thing

BLOCK = 36.0  # metres
EDGE = 70.0  # metres from the middle of the road to where the ground ends
_FIRST = 1 << 20  # added to a block's number, which may be negative, to seed its random numbers
_GROUNDS: dict[str, tuple[Kind, Color]] = {
    "park": (Kind.VegetationMisc, GRASS),
    "garden": (Kind.VegetationMisc, GRASS),
    "houses": (Kind.VegetationMisc, (104, 122, 70)),
    "car park": (Kind.ParkingBlock, (106, 102, 102)),
}  # what is underfoot behind the pavement; paving where nothing is named
_SPAN_ODDS = {"": 0.885, "bridge": 0.045, "gatehouse": 0.035, "tunnel": 0.035}


@dataclass
class Block:
    """One stretch of street: `strips` of ground with their (z0, z1), marks upon it, things that stand there."""

    z0: float
    strips: list[tuple[Strip, float, float]] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    things: list[Thing] = field(default_factory=list)

    @property
    def z1(self) -> float:
        """Where the next block begins."""
        return self.z0 + BLOCK


@dataclass(frozen=True)
class Street:
    """The same seed gives the same street, whatever part of it is asked for first."""

    seed: tuple[int, ...]
    section: Section
    theme: Theme
    solid: bool  # double centre line
    yellow: bool  # yellow lines along the kerb
    tram: bool
    works: bool
    _blocks: dict[int, Block] = field(default_factory=dict, init=False, repr=False)

    def near(self, z: float) -> list[Block]:
        """The blocks that somebody at z can see, the farthest first."""
        numbers = range(int((z + FAR) // BLOCK), int((z - 8) // BLOCK) - 1, -1)
        for k in numbers:
            if k not in self._blocks:
                self._blocks[k] = self._build(k)
        return [self._blocks[k] for k in numbers]

    def crossing(self, z: float) -> float:
        """Where the first signalled crossing at or after z lies: there is one in every third block."""
        k = int(np.ceil(((z - 5) / BLOCK - 1) / 3)) * 3 + 1
        return k * BLOCK + 5

    def _build(self, k: int) -> Block:
        rng = np.random.default_rng((*self.seed, k + _FIRST))
        block = Block(k * BLOCK)
        if self.tram:
            block.marks.append(rails(self.section.half - self.section.lane / 2, block.z0, block.z1))
        span = pick(rng, list(_SPAN_ODDS), list(_SPAN_ODDS.values()))
        if k % 3 == 1:
            self._junction(rng, block)
            return block
        block.marks += lines(self.section, block.z0, block.z1, self.solid, self.yellow)
        if span:
            self._span(rng, block, span)
        else:
            self._ordinary(rng, block)
        return block

    def _side(
        self, rng: np.random.Generator, block: Block, side: int, z0: float, z1: float, furnish: bool = True
    ) -> None:
        """Line one side of the street from z0 to z1."""
        line = self.section.line(side)
        name = pick(rng, list(self.theme.plots), list(self.theme.plots.values()))
        kind, color = _GROUNDS.get(name, (Kind.Sidewalk, self.section.paving))
        block.strips.append((Strip(side * line, side * EDGE, kind, color), z0, z1))
        block.things += PLOTS[name](rng, side, line, z0, z1)
        if furnish:
            block.things += kerbside(rng, Kerb(self.section, self.theme, side, z0, z1))

    def _ordinary(self, rng: np.random.Generator, block: Block) -> None:
        for side in (-1, 1):
            cut = block.z0 + float(rng.choice((12.0, 18.0, 24.0)))
            self._side(rng, block, side, block.z0, cut)
            self._side(rng, block, side, cut, block.z1)
        lane = -self.section.half + self.section.lane / 2
        ornament = float(rng.random())
        if ornament < 0.25:
            block.marks.append(arrow(lane, block.z0 + 12))
        elif ornament < 0.45:
            block.marks.append(word(pick(rng, ROAD_WORDS), lane, block.z0 + 14))
        elif ornament < 0.6:
            block.marks.append(hatching(0.0, block.z0 + 6, block.z0 + 26, 1.0))
        if self.works and rng.random() < 0.6:
            block.things += roadworks(rng, self.section, block.z0 + 6)

    def _junction(self, rng: np.random.Generator, block: Block) -> None:
        """Signals, a crossing, and a side street to one side or both."""
        z0 = block.z0
        opens = (bool(rng.random() < 0.5), bool(rng.random() < 0.5))
        for start, end in ((z0, z0 + 3), (z0 + (23 if any(opens) else 8), block.z1)):
            block.marks += lines(self.section, start, end, self.solid, self.yellow)
        block.marks += crossing(self.section, z0 + 5)
        block.things += signals(rng, self.section, z0 + 4)
        for side in (-1, 1):
            self._side(rng, block, side, z0, z0 + 11, furnish=False)
            if opens[side > 0]:
                road = Strip(side * self.section.half, side * EDGE, Kind.Road, self.section.asphalt)
                block.strips.append((road, z0 + 12, z0 + 22))
            else:
                self._side(rng, block, side, z0 + 11, z0 + 23)
            self._side(rng, block, side, z0 + 23, block.z1)
        if any(opens) and rng.random() < 0.5:
            block.marks.append(yellow_box(self.section, z0 + 12, z0 + 22))

    def _span(self, rng: np.random.Generator, block: Block, name: str) -> None:
        """A bridge or gatehouse between plots, or a tunnel that takes the whole block."""
        half = max(self.section.line(-1), self.section.line(1))
        shade = float(rng.uniform(0.8, 1.15))
        color = (150 * shade, 142 * shade, 130 * shade)
        start, length = (block.z0 + 2, 32.0) if name == "tunnel" else (block.z0 + 15, 7.0)
        train = pick(rng, TRAM.paints) if rng.random() < 0.5 else None
        spans: dict[str, Callable[..., None]] = {
            "bridge": partial(paint_bridge, train=train),
            "gatehouse": paint_gatehouse,
            "tunnel": paint_tunnel,
        }
        paint = spans[name]
        block.things.append(Thing(start + length, partial(paint, z=start, half=half, color=color)))
        for side in (-1, 1) if name != "tunnel" else ():
            self._side(rng, block, side, block.z0, start - 0.5)
            self._side(rng, block, side, start + length + 0.5, block.z1)
