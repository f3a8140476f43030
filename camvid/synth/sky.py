"""Above the horizon: a gradient with clouds, and the outline of the town far away."""

import cv2
import numpy as np

from camvid.synth.camera import FAR
from camvid.synth.canvas import Canvas
from camvid.synth.kinds import Kind
from camvid.synth.light import Color
from camvid.synth.noise import Texture


def paint_sky(canvas: Canvas, clouds: Texture) -> None:
    """Fill the whole canvas with sky. `clouds` is noise (h, w) that the camera sees a window of, by where it looks."""
    height, width = canvas.camera.size
    light = canvas.light
    up = np.clip((canvas.camera.centre[1] - np.arange(height)) / (0.75 * height), 0, 1).astype(np.float32)[
        :, None, None
    ]
    sky = np.array(light.horizon, np.float32) * (1 - up) + np.array(light.zenith, np.float32) * up  # (H, 1, 3)
    shift = int(clouds.shape[1] * 0.15 * (0.5 - canvas.camera.centre[0] / width) + clouds.shape[1] * 0.2)
    window = np.ascontiguousarray(clouds[:, max(shift, 0) : max(shift, 0) + clouds.shape[1] * 3 // 5])
    density = cv2.resize(window, (width, height), interpolation=cv2.INTER_LINEAR)
    cover = np.clip((density + (light.cover - 0.5) * 3) * 0.5, 0, 1)[..., None] * (0.35 + 0.65 * up)  # (H, W, 1)
    canvas.image[:] = np.clip(sky * (1 - cover) + np.array(light.clouds, np.float32) * cover, 0, 255).astype(np.uint8)
    canvas.label[:] = Kind.Sky


def paint_skyline(canvas: Canvas, rng: np.random.Generator) -> None:
    """Distant blocks and woods side by side along the horizon; the same for the same generator."""
    z, x = canvas.camera.z + FAR, -260.0
    while x < 260:
        wide, wooded = float(rng.uniform(8, 30)), rng.random() < 0.55
        high = float(rng.uniform(5, 11) if wooded else rng.uniform(6, 18))
        steps = 7 if wooded else 2
        tops = high * (rng.uniform(0.75, 1.1, steps) if wooded else np.ones(2))
        along = np.linspace(x - 2, x + wide + 2, steps)
        outline = np.array([(x - 2, -1), *zip(along, tops, strict=True), (x + wide + 2, -1)])
        grey = float(rng.uniform(90, 150))
        color: Color = (74, 88, 58) if wooded else (grey, grey, grey)
        points = np.concatenate((outline, np.full((len(outline), 1), z)), axis=1)
        canvas.polygon(points, color, Kind.Tree if wooded else Kind.Building, canvas.light.face(0, 0.2, -0.8))
        x += wide
