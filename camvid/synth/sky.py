"""Above the horizon: a gradient with clouds, and the outline of the town far away."""

import cv2
import numpy as np

from camvid.synth.camera import FAR
from camvid.synth.canvas import Canvas
from camvid.synth.kinds import Kind
from camvid.synth.light import Color
from camvid.synth.noise import Texture


def paint_sky(canvas: Canvas, clouds: Texture) -> None:
    """Fill the canvas with sky down to just below the horizon. `clouds` is noise (h, w), seen through a window."""
    light, width = canvas.light, canvas.camera.size[1]
    height = min(max(int(canvas.camera.centre[1]) + 8, 1), canvas.camera.size[0])
    up = (canvas.camera.centre[1] - np.arange(height, dtype=np.float32)) / (0.75 * canvas.camera.size[0])
    up = np.clip(up, 0, 1)[:, None, None]  # (height, 1, 1), 0 at the horizon
    sky = np.array(light.horizon, np.float32) * (1 - up) + np.array(light.zenith, np.float32) * up
    span = clouds.shape[1]  # the window is 3/5 of it wide and follows the camera's turns
    left = max(int(span * (0.2 + 0.15 * (0.5 - canvas.camera.centre[0] / width))), 0)
    window = np.ascontiguousarray(clouds[:, left : left + span * 3 // 5])
    density = cv2.resize(window, (width, height), interpolation=cv2.INTER_LINEAR)
    cover = np.clip(density * 0.5 + 1.5 * (light.cover - 0.5), 0, 1)[..., None] * (0.35 + 0.65 * up)
    canvas.image[:height] = sky + (np.array(light.clouds, np.float32) - sky) * cover
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
