"""Weather and time of day: how bright each face of things is, how the air veils what is far, how the sky looks."""

from dataclasses import dataclass
from math import exp

Color = tuple[float, float, float]  # RGB, 0 to 255, of a thing in white light
Ink = tuple[float, float, float]  # RGB, 0 to 255, as the camera sees it


@dataclass(frozen=True)
class Light:
    """One kind of daylight. Faces shine with `ambient` plus `sun` where they look towards the sun."""

    name: str
    odds: float  # of this light
    zenith: Color
    horizon: Color
    clouds: Color
    cover: float  # share of the sky that clouds take
    ambient: float
    sun: float
    tint: Color  # factor for every colour, 1 is neutral
    haze: float  # 1 / metres: share of a colour lost to the air per metre
    lamps: bool = False  # are windows and lamps lit?
    grain: float = 3.0  # sensor noise, grey levels
    sun_side: float = 1.0  # -1: the sun stands over the left side of the street, 1: right

    def face(self, nx: float, ny: float, nz: float) -> float:
        """Brightness of a face with outward normal (nx, ny, nz); the sun is high behind the camera, to one side."""
        toward = 0.55 * self.sun_side * nx + 0.7 * ny - 0.45 * nz
        return self.ambient + self.sun * max(toward, 0.0)

    def ink(self, color: Color, depth: float, shade: float) -> Ink:
        """The colour that a camera `depth` metres away sees of a face with brightness `shade`."""
        kept = exp(-self.haze * depth) if depth > 0 else 1.0
        (r, g, b), (tr, tg, tb), (hr, hg, hb) = color, self.tint, self.horizon
        bright, veil = shade * kept, 1.0 - kept
        return (
            min(r * tr * bright + hr * veil, 255.0),
            min(g * tg * bright + hg * veil, 255.0),
            min(b * tb * bright + hb * veil, 255.0),
        )


LIGHTS = (
    Light("clear", 0.3, (96, 150, 214), (214, 228, 240), (250, 250, 250), 0.25, 0.62, 0.50, (1.0, 1.0, 0.98), 0.0022),
    Light("bright", 0.2, (204, 220, 238), (250, 250, 248), (255, 255, 255), 0.5, 0.60, 0.58, (1.04, 1.02, 0.96), 0.003),
    Light("overcast", 0.2, (164, 172, 182), (206, 210, 214), (226, 228, 230), 0.8, 0.80, 0.10, (0.94, 0.97, 1), 0.004),
    Light("rain", 0.08, (120, 128, 138), (170, 176, 182), (146, 152, 160), 0.8, 0.66, 0.05, (0.88, 0.94, 1.0), 0.009,
          lamps=True, grain=4),
    Light("evening", 0.12, (92, 118, 168), (250, 208, 160), (236, 172, 140), 0.4, 0.55, 0.45, (1.1, 0.96, 0.8), 0.003,
          lamps=True),
    Light("dusk", 0.1, (38, 48, 72), (120, 112, 122), (70, 76, 94), 0.6, 0.40, 0.05, (0.84, 0.9, 1.06), 0.004,
          lamps=True, grain=5),
)  # fmt: skip
