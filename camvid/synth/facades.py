"""Walls of buildings: windows above, and at street level shops, doors, panes, gateways."""

from dataclasses import dataclass

import numpy as np

from camvid.synth.camera import Floats
from camvid.synth.canvas import Canvas
from camvid.synth.kinds import Kind
from camvid.synth.lettering import squares, width
from camvid.synth.light import Color

GLASS: tuple[Color, ...] = ((58, 66, 78), (84, 96, 110), (40, 46, 54))
LIT: Color = (250, 214, 138)
FASCIAS: tuple[Color, ...] = ((140, 30, 40), (24, 60, 50), (30, 50, 110), (230, 224, 206), (40, 40, 44), (210, 150, 40))
SILL: Color = (206, 202, 192)
_MUNTINS_FROM = 12.0  # pixels per metre below which the bars of sash windows, and letters, are left out
_GLOW = 1.3  # brightness of lit panes


@dataclass(frozen=True)
class Windows:
    """How windows are laid out, in metres: size (width, height), from one to the next, from floor to floor."""

    size: tuple[float, float]
    spacing: float
    storey: float
    framed: bool = True


@dataclass(frozen=True)
class Facade:
    """An upright wall: points on it are given by metres along it and metres up."""

    foot: Floats  # (3,)
    along: Floats  # (3,), of length 1
    length: float
    floors: int
    wall: Color
    trim: Color
    word: str
    seed: int

    def points(self, flat: Floats) -> Floats:
        """World points (..., 3) of points (..., 2) on the wall."""
        out = self.foot + flat[..., :1] * self.along
        out[..., 1] += flat[..., 1]
        return np.asarray(out)

    def rects(self, lefts: Floats, bottoms: Floats | float, size: tuple[float, float]) -> Floats:
        """Corners (M, 4, 3) of rectangles of one size (width, height)."""
        corners = np.array(((0, 0), (0, size[1]), size, (size[0], 0)))
        flat = np.stack((lefts, np.broadcast_to(bottoms, lefts.shape)), axis=-1)[:, None, :] + corners
        return self.points(flat)

    def rect(self, left: float, bottom: float, size: tuple[float, float]) -> Floats:
        """Corners (4, 3) of one rectangle."""
        return np.asarray(self.rects(np.array([left]), bottom, size)[0])


def paint_windows(canvas: Canvas, facade: Facade, windows: Windows, shade: float) -> None:
    """Rows of windows above the ground floor; after dark some of them are lit."""
    (w, h), count = windows.size, int((facade.length - 0.6) // windows.spacing)
    if count < 1:
        return
    margin = (facade.length - (count - 1) * windows.spacing - w) / 2
    lefts, floors = np.meshgrid(margin + np.arange(count) * windows.spacing, np.arange(1, facade.floors))
    left, bottom = lefts.ravel(), floors.ravel() * windows.storey + (windows.storey - h) * 0.6
    if windows.framed:
        canvas.quads(facade.rects(left - 0.12, bottom - 0.15, (w + 0.24, h + 0.3)), SILL, Kind.Building, shade)
    mood = np.random.default_rng(facade.seed).choice(3, size=len(left), p=(0.45, 0.35, 0.2))
    for number, glass in enumerate(GLASS):
        lit = canvas.light.lamps and number == 2
        panes = facade.rects(left[mood == number], bottom[mood == number], (w, h))
        canvas.quads(panes, LIT if lit else glass, Kind.Building, _GLOW if lit else shade)
    if windows.framed and canvas.camera.scale(float(facade.foot[2])) > _MUNTINS_FROM:
        canvas.quads(facade.rects(left, bottom + h / 2 - 0.04, (w, 0.08)), SILL, Kind.Building, shade)


def _shop(canvas: Canvas, facade: Facade, shade: float) -> None:
    """Panes and a door; over them a board with a word, which is Misc_Text."""
    length, lit = facade.length, canvas.light.lamps
    canvas.polygon(facade.rect(0.2, 0, (length - 0.4, 3.0)), facade.trim, Kind.Building, shade * 0.9)
    panes: Color = (236, 206, 140) if lit else (92, 100, 106)
    lefts = np.arange(0.5, length - 1.8, 1.7)
    canvas.quads(facade.rects(lefts, 0.5, (1.5, 1.8)), panes, Kind.Building, 1.1 if lit else shade)
    canvas.polygon(facade.rect(length / 2 - 0.5, 0, (1.0, 2.3)), GLASS[2], Kind.Building, shade)
    half = min(length * 0.4, 4.0)
    canvas.polygon(facade.rect(length / 2 - half, 2.4, (2 * half, 0.75)), facade.trim, Kind.Misc_Text, shade)
    if canvas.camera.scale(float(facade.foot[2]) + length / 2) > _MUNTINS_FROM:
        ink: Color = (244, 236, 214) if sum(facade.trim) < 380 else (40, 40, 44)
        canvas.quads(facade.points(_letters(facade, half)), ink, Kind.Misc_Text, shade)


def _letters(facade: Facade, half: float) -> Floats:
    """The squares (M, 4, 2) of the shop's word, in the middle of a board 2 * half metres wide."""
    cell = min(0.1, half * 1.8 / width(facade.word))
    letters = (squares(facade.word) - (width(facade.word) / 2, 0.0)) * cell
    if facade.foot[0] > 0:  # seen from the road, this wall runs from right to left
        letters[..., 0] *= -1
    return np.asarray(letters + np.array((facade.length / 2, 2.52)))


def _door(canvas: Canvas, facade: Facade, shade: float) -> None:
    """A door every five metres, with a window beside it."""
    for offset, bottom, size, color in ((1.0, 0.0, (1.0, 2.2), facade.trim), (2.8, 0.9, (1.6, 1.4), GLASS[0])):
        lefts = np.arange(offset, facade.length - size[0] - 0.2, 5.0)
        frames = facade.rects(lefts - 0.12, max(bottom - 0.1, 0), (size[0] + 0.24, size[1] + 0.2))
        canvas.quads(frames, SILL, Kind.Building, shade)
        canvas.quads(facade.rects(lefts, bottom, size), color, Kind.Building, shade)


def _glass(canvas: Canvas, facade: Facade, shade: float) -> None:
    """A row of wide panes."""
    lefts = np.arange(0.6, facade.length - 2.0, 2.2)
    canvas.quads(facade.rects(lefts, 0.2, (2.0, 2.7)), GLASS[1], Kind.Building, shade)


def _arch(canvas: Canvas, facade: Facade, shade: float) -> None:
    """A gateway through the building, with a stone rim; Archway."""
    middle, turns = facade.length / 2, np.linspace(np.pi, 0, 10)
    for radius, color in ((1.75, SILL), (1.4, (38.0, 36.0, 36.0))):
        curve = np.stack((middle + radius * np.cos(turns), 2.0 + radius * np.sin(turns)), axis=1)
        outline = np.concatenate((((middle - radius, 0.0),), curve, ((middle + radius, 0.0),)))
        canvas.polygon(facade.points(outline), color, Kind.Archway, shade)


def _plain(canvas: Canvas, facade: Facade, shade: float) -> None:
    """A darker plinth."""
    canvas.polygon(facade.rect(0, 0, (facade.length, 1.0)), facade.wall, Kind.Building, shade * 0.75)


GROUND_FLOORS = {"shop": _shop, "door": _door, "glass": _glass, "arch": _arch, "plain": _plain}
