import cv2
import numpy as np
import pytest

from eval.points import MOST, between, cloud, endless, predicted_cloud
from files.camera import Camera

CAMERA = Camera(100, 50, 2, 1)


def test_hand_computed():
    """A pixel 3 to the right of the principal point and 2 above it, 10 m away, with unequal focal lengths."""
    depth = np.full((4, 6), np.nan, np.float32)
    camera = Camera(100, 50, 2, 3)
    depth[1, 5] = 10
    points, pixels = cloud(depth, camera)
    np.testing.assert_allclose(points, [[0.3, 0.4, -10]], rtol=1e-6)
    assert pixels.tolist() == [1 * 6 + 5]
    assert points.dtype == np.float32


def test_a_wall_and_a_road_are_flat():
    """The road: 1.5 m below the camera at every distance."""
    camera = Camera(80, 80, 31.5, 15.5)
    rows = np.arange(48, dtype=np.float32)[:, None]
    road = np.where(rows > 16, 1.5 * 80 / np.maximum(rows - 15.5, 0.1), np.nan) * np.ones((1, 64), np.float32)
    points, _ = cloud(road.astype(np.float32), camera)
    np.testing.assert_allclose(points[:, 1], -1.5, rtol=1e-5)
    assert points[:, 2].max() < -3
    wall, _ = cloud(np.full((48, 64), 20, np.float32), camera)
    assert set(wall[:, 2]) == {-20}
    assert wall[:, 0].min() == pytest.approx(-31.5 / 80 * 20)
    assert wall[0, 1] > 0 > wall[-1, 1]  # the upper row is up


def test_unknown_far_and_sky_are_left_out():
    depth = np.array([[5, np.nan, 80, 300, 0, 7]], np.float32)
    mask = np.array([[1, 1, 1, 1, 1, 0]], np.uint8)
    assert cloud(depth, CAMERA).pixels.tolist() == [0, 5]
    assert cloud(depth, CAMERA, endless(mask, ("Sky", "Road"))).pixels.tolist() == [0]
    assert not endless(mask, ("Skyscraper", "Road")).any()
    assert len(cloud(np.full((3, 4), np.nan, np.float32), CAMERA).points) == 0


@pytest.mark.parametrize(("shape", "most"), [((360, 480), MOST), ((1024, 2048), MOST), ((40, 50), 7), ((9, 3000), 100)])
def test_of_more_points_an_even_choice_is_taken(shape, most):
    points, pixels = cloud(np.full(shape, 10, np.float32), CAMERA, most=most)
    assert most * 0.7 < len(points) <= most
    assert len(set(pixels.tolist())) == len(points)
    middle = np.median(np.divmod(pixels, shape[1]), axis=1)
    assert middle == pytest.approx(np.array(shape) / 2, rel=0.2, abs=2)


def test_blurred_edges_make_no_points_and_planes_and_thin_things_do():
    rows = np.arange(48, dtype=np.float32)[:, None]
    road = (1.5 * 80 / np.maximum(rows - 15.5, 2)) * np.ones((1, 240), np.float32)
    assert not between(road)[20:].any()  # above, the distance is cut off
    wall = np.full((48, 240), 40, np.float32)
    wall[:, 100:140] = 10
    assert not between(wall).any()  # a sharp edge
    blurred = cv2.GaussianBlur(wall, (0, 0), 2)
    lost = between(blurred)
    assert lost[:, [99, 139]].all() and not lost[:, :90].any() and not lost[:, 110:130].any()
    pole = np.full((48, 240), 40, np.float32)
    pole[:, 100:104] = 10
    assert not between(cv2.GaussianBlur(pole, (0, 0), 1))[:, 101:103].any()


def test_points_of_a_prediction_have_no_sky_and_no_blurred_edges():
    depth = cv2.GaussianBlur(np.repeat(np.repeat(np.array([[10, 40]], np.float32), 30, 0), 60, 1), (0, 0), 3)
    mask = np.ones(depth.shape, np.uint8)
    mask[:10] = 0
    pixels = predicted_cloud(depth, CAMERA, mask, ("Sky", "Road")).pixels
    assert pixels.min() >= 10 * 120
    distances = depth.ravel()[predicted_cloud(depth, CAMERA, None, ()).pixels]
    assert ((distances < 12) | (distances > 35)).mean() > 0.97 > ((depth < 12) | (depth > 35)).mean()


def test_few_points_are_all_taken():
    depth = np.full((300, 400), np.nan, np.float32)
    depth[::2, ::2] = 10
    assert len(cloud(depth, CAMERA).points) == 30_000
