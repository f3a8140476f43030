"""Cameras under resizing."""

import pytest

from files.camera import Camera


def test_a_resized_camera_sees_the_same_rays() -> None:
    camera = Camera(400.0, 420.0, 239.5, 179.5, (360, 480))
    small = camera.resized((360, 480), (90, 240))
    assert small.size == (90, 240)
    for edge, size in ((-0.5, -0.5), (479.5, 239.5)):  # the outer edges of the frame, across
        assert (edge - camera.cx) / camera.fx == pytest.approx((size - small.cx) / small.fx)
    for edge, size in ((-0.5, -0.5), (359.5, 89.5)):
        assert (edge - camera.cy) / camera.fy == pytest.approx((size - small.cy) / small.fy)
    assert small.focal == pytest.approx(camera.focal * (90 * 240 / (360 * 480)) ** 0.5)
