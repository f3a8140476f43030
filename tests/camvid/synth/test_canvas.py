import numpy as np
import pytest

from camvid.synth.camera import Camera
from camvid.synth.canvas import Canvas
from camvid.synth.kinds import Kind
from camvid.synth.light import LIGHTS
from camvid.synth.render import develop, paint_frame
from camvid.synth.world import make_world

EMPTY = (255, 0, 255, 255)  # a colour that no thing has, and no class


@pytest.mark.parametrize("seed", range(6))
def test_every_thing_changes_picture_and_label_at_the_same_pixels(seed):
    world = make_world(seed)
    canvas = Canvas(world.camera(0, (180, 240)), world.light)
    kinds = set()
    for thing in world.things(0):
        canvas.pixels[:] = EMPTY
        thing.paint(canvas)
        painted = canvas.label != 255
        assert ((canvas.image != EMPTY[:3]).any(axis=2) == painted).all()
        kinds |= set(np.unique(canvas.label[painted]).tolist())
    assert len(kinds) > 6
    assert kinds <= set(Kind)


def test_nearer_things_hide_farther_ones():
    camera = Camera((60, 80), 0.0, 1.5, 0.0, 80.0, (40.0, 30.0))
    canvas = Canvas(camera, LIGHTS[0])
    square = np.array(((-1, 0.5, 0), (-1, 2.5, 0), (1, 2.5, 0), (1, 0.5, 0)), float)
    canvas.polygon(square + np.array((0, 0, 20)), (200, 0, 0), Kind.Building)
    far = int((canvas.label == Kind.Building).sum())
    canvas.polygon(square + np.array((0, 0, 5)), (0, 200, 0), Kind.Car)
    assert (canvas.label == Kind.Car).sum() == pytest.approx(16 * far, rel=0.3)
    assert not (canvas.label == Kind.Building).any()


def test_strokes_far_outside_the_picture_do_not_overflow():
    canvas = Canvas(Camera((60, 80), 0.0, 1.5, 0.0, 80.0, (40.0, 30.0)), LIGHTS[0])
    wide = np.array(((-1e6, 0, 0.7), (-1e6, 0, 100), (1e6, 0, 100), (1e6, 0, 0.7)), float)
    canvas.polygon(wide, (90, 90, 90), Kind.Road)
    assert (canvas.label[40:] == Kind.Road).all()
    assert (canvas.label[:28] == 0).all()


@pytest.mark.parametrize("seed", [2, 11])
def test_developing_neither_shifts_nor_repaints_the_picture(seed):
    canvas = paint_frame(make_world(seed), 0, (180, 240))
    painted = canvas.image.astype(float)
    picture = develop(canvas, np.random.default_rng(0)).astype(float)
    error = {
        shift: np.abs(np.roll(picture, shift, (0, 1)) - painted).mean()
        for shift in ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))
    }
    assert min(error, key=lambda shift: error[shift]) == (0, 0)
    assert error[0, 0] < 12
