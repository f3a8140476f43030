from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from camvid.synth.camera import FAR, NEAR, Camera
from camvid.synth.canvas import Canvas
from camvid.synth.kinds import Kind
from camvid.synth.light import LIGHTS
from camvid.synth.people import paint_person, random_person, walking
from camvid.synth.solids import Pose

CAMERA = Camera((180, 240), x=-1.5, y=1.4, z=20.0, focal=220.0, centre=(125.0, 84.0), bend=0.002)
metres = st.floats(-40, 40)


def extent(camera: Camera, distance: float) -> tuple[int, int]:
    """First and last row of a pedestrian so many metres ahead."""
    canvas = Canvas(camera, LIGHTS[0])
    person = random_person(np.random.default_rng(1))
    paint_person(canvas, person, walking(0.4), Pose(-0.5, camera.z + distance))
    rows = np.flatnonzero((canvas.label == Kind.Pedestrian).any(axis=1))
    return int(rows[0]), int(rows[-1])


@given(x=metres, depth=st.floats(1.5, FAR))
def test_ground_inverts_project(x, depth):
    column, row = CAMERA.project(np.array((x, 0.0, CAMERA.z + depth)))
    first, ground_x, ground_z = CAMERA.ground()
    seen = 0 <= column <= 239 and first <= row <= 179
    if seen:
        above, left = int(row) - first, int(column)
        below, right = min(above + 1, len(ground_z) - 1), min(left + 1, 239)
        assert ground_z[below, 0] - 1e-6 <= CAMERA.z + depth <= ground_z[above, 0] + 1e-6
        corners = ground_x[[above, above, below, below], [left, right, left, right]]
        assert corners.min() - 1e-6 <= x <= corners.max() + 1e-6


@given(st.lists(st.tuples(metres, metres, st.floats(-10, 60)), min_size=3, max_size=8))
def test_clip_keeps_what_lies_in_front_and_adds_only_points_on_the_near_plane(points):
    world = np.array(points)
    clipped = CAMERA.clip(world)
    assert (clipped[:, 2] >= CAMERA.z + NEAR - 1e-9).all()
    front = {tuple(point) for point in world if point[2] >= CAMERA.z + NEAR}
    assert front <= {tuple(point) for point in clipped}
    for point in clipped:
        assert tuple(point) in front or point[2] == pytest.approx(CAMERA.z + NEAR)


def test_a_pedestrian_twice_as_far_is_half_as_tall_and_nearer_the_horizon():
    spans = [extent(CAMERA, distance) for distance in (5.0, 10.0, 20.0, 40.0)]
    heights = [last - first + 1 for first, last in spans]
    for near, far in pairwise(heights):
        assert near / far == pytest.approx(2, rel=0.2)
    feet = [last for _, last in spans]
    assert feet == sorted(feet, reverse=True)
    assert feet[-1] > CAMERA.centre[1]


def test_nothing_is_painted_behind_the_camera():
    canvas = Canvas(CAMERA, LIGHTS[0])
    canvas.pixels[:] = 7
    paint_person(canvas, random_person(np.random.default_rng(1)), walking(0.0), Pose(-1.0, CAMERA.z - 3))
    assert (canvas.pixels == 7).all()
