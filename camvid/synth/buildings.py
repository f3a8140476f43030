"""Houses, offices and shops along the street: what kinds there are, and how their bodies are painted."""

from dataclasses import dataclass

import numpy as np

from camvid.synth.camera import NEAR
from camvid.synth.canvas import Canvas
from camvid.synth.chance import pick
from camvid.synth.facades import FASCIAS, GROUND_FLOORS, Facade, Windows, paint_windows
from camvid.synth.kinds import Kind
from camvid.synth.lettering import SHOP_WORDS
from camvid.synth.light import Color

BRICKS: tuple[Color, ...] = ((150, 92, 70), (164, 120, 86), (186, 160, 118), (128, 84, 66), (172, 146, 110))
PLASTERS: tuple[Color, ...] = ((214, 206, 190), (196, 200, 204), (222, 196, 160), (176, 188, 184), (206, 170, 160))
CONCRETES: tuple[Color, ...] = ((150, 150, 148), (126, 130, 134), (168, 164, 156), (104, 110, 118))
TILES: tuple[Color, ...] = ((88, 66, 60), (70, 72, 80), (110, 74, 58), (60, 58, 60))
_PITCH = 0.36  # a ridge rises this share of the building's depth above the eaves
_DETAIL_FROM = 5.0  # pixels per metre below which ground floors are left plain


@dataclass(frozen=True)
class Style:
    """One way to build; pairs are (least, most). `ground`: what may stand at street level, names of GROUND_FLOORS."""

    walls: tuple[Color, ...]
    floors: tuple[int, int]
    frontage: tuple[float, float]  # metres
    windows: Windows
    gable: bool
    ground: tuple[str, ...]


STYLES = {
    "house": Style((*BRICKS, *PLASTERS), (2, 2), (6, 9), Windows((1.1, 1.3), 2.6, 2.8), True, ("door",)),
    "terrace": Style(BRICKS, (2, 4), (6, 14), Windows((1.0, 1.7), 2.2, 2.9), True, ("door", "door", "shop", "arch")),
    "shops": Style((*BRICKS, *PLASTERS), (2, 4), (6, 13), Windows((1.1, 1.6), 2.3, 3.1), True, ("shop",)),
    "office": Style(
        CONCRETES, (3, 7), (12, 24), Windows((2.6, 1.7), 3.0, 3.3, framed=False), False, ("glass", "shop", "plain")
    ),
    "hall": Style(
        (*CONCRETES, *BRICKS), (2, 3), (14, 28), Windows((1.8, 1.2), 4.5, 3.6, framed=False), False, ("plain", "arch")
    ),
}


@dataclass(frozen=True)
class Building:
    """A box at one side of the street (-1 left, 1 right): its front at `x`, from z0 to z1, `depth` metres deep."""

    style: Style
    side: int
    x: float
    z0: float
    z1: float
    depth: float
    floors: int
    wall: Color
    trim: Color
    roof: Color
    ground: str
    word: str
    seed: int  # decides which windows are dark and which are lit

    @property
    def eaves(self) -> float:
        """Height of the eaves in metres."""
        return self.floors * self.style.windows.storey + 0.5

    @property
    def ridge(self) -> float:
        """Height of the ridge in metres; that of the eaves under a flat roof."""
        return self.eaves + (self.depth * _PITCH if self.style.gable else 0.0)

    def front(self) -> Facade:
        """The wall towards the street."""
        foot, along = np.array((self.x, 0.0, self.z0)), np.array((0.0, 0.0, 1.0))
        return Facade(foot, along, self.z1 - self.z0, self.floors, self.wall, self.trim, self.word, self.seed)

    def end(self) -> Facade:
        """The wall towards somebody who comes along the street."""
        foot, along = np.array((self.x, 0.0, self.z0)), np.array((float(self.side), 0.0, 0.0))
        return Facade(foot, along, self.depth, self.floors, self.wall, self.trim, self.word, self.seed)


def random_building(rng: np.random.Generator, style: Style, side: int, x: float, z0: float, z1: float) -> Building:
    """A building of a style on a plot."""
    (r, g, b), shade = pick(rng, style.walls), float(rng.uniform(0.85, 1.1))
    return Building(
        style,
        side,
        x,
        z0,
        z1,
        depth=float(rng.uniform(8, 14)),
        floors=int(rng.integers(style.floors[0], style.floors[1] + 1)),
        wall=(r * shade, g * shade, b * shade),
        trim=pick(rng, FASCIAS),
        roof=pick(rng, TILES),
        ground=pick(rng, style.ground),
        word=pick(rng, SHOP_WORDS),
        seed=int(rng.integers(2**31)),
    )


def paint_building(canvas: Canvas, building: Building) -> None:
    """Paint the end that looks at the camera, the roof, and the front with its windows and ground floor."""
    start = canvas.camera.z + NEAR
    if building.z1 < start:
        return
    _paint_end(canvas, building)
    if building.style.gable:
        _paint_roof(canvas, building)
    front, shade = building.front(), canvas.light.face(-building.side, 0, 0)
    canvas.polygon(front.rect(0, 0, (front.length, building.eaves)), building.wall, Kind.Building, shade)
    paint_windows(canvas, front, building.style.windows, shade)
    if canvas.camera.scale(max(building.z0, start)) > _DETAIL_FROM:
        GROUND_FLOORS[building.ground](canvas, front, shade)


def _paint_end(canvas: Canvas, building: Building) -> None:
    """The end wall, with windows in every other building."""
    end, shade = building.end(), canvas.light.face(0, 0, -1)
    top = (building.depth / 2, building.ridge)
    outline = ((0.0, 0.0), (0.0, building.eaves), top, (building.depth, building.eaves), (building.depth, 0.0))
    canvas.polygon(end.points(np.array(outline)), building.wall, Kind.Building, shade)
    if building.seed % 2:
        paint_windows(canvas, end, building.style.windows, shade)


def _paint_roof(canvas: Canvas, b: Building) -> None:
    """The slope towards the street, and one or two chimneys on the ridge."""
    (eaves_x, low), (ridge_x, high) = (b.x - b.side * 0.25, b.eaves - 0.1), (b.x + b.side * b.depth / 2, b.ridge)
    slope = ((eaves_x, low, b.z0), (ridge_x, high, b.z0), (ridge_x, high, b.z1), (eaves_x, low, b.z1))
    canvas.polygon(np.array(slope), b.roof, Kind.Building, canvas.light.face(-b.side * 0.5, 0.85, 0))
    stack = np.array(((-0.4, -0.8), (-0.4, 1.1), (0.4, 1.1), (0.4, -0.8)))  # along z, above the ridge
    for z in (b.z0 + 0.8, b.z1 - 0.8)[b.seed % 2 :]:
        chimney = np.stack((np.full(4, ridge_x - b.side * 0.6), high + stack[:, 1], z + stack[:, 0]), axis=1)
        canvas.polygon(chimney, b.wall, Kind.Building, 0.9 * canvas.light.face(-b.side, 0, 0))
