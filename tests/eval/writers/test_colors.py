import numpy as np

from eval.writers.colors import ERROR_COLORS, VOID_COLOR, colorize, error_map, overlay

COLORS = np.array([[10, 20, 30], [200, 0, 0], [0, 200, 0]], dtype=np.uint8)
MISSED, HALLUCINATED, OTHER = ERROR_COLORS.values()


def test_labels_get_their_colours_and_void_its_own():
    picture = colorize(np.array([[0, 1], [2, 255]], dtype=np.uint8), COLORS)
    assert picture.tolist() == [[[10, 20, 30], [200, 0, 0]], [[0, 200, 0], list(VOID_COLOR)]]


def test_overlay_blends():
    image = np.full((1, 1, 3), 100, dtype=np.uint8)
    mask = np.array([[1]], dtype=np.uint8)
    assert overlay(image, mask, COLORS, 0.5).tolist() == [[[150, 50, 50]]]
    assert overlay(image, mask, COLORS, 0).tolist() == image.tolist()
    assert overlay(image, mask, COLORS, 1).tolist() == [[[200, 0, 0]]]


def test_errors_by_kind():
    """Classes 0 and 1 are scenery, 2 is a priority class; the last pixel is void."""
    truth = np.array([[0, 0, 0, 2, 2, 255]], dtype=np.uint8)
    pred = np.array([[0, 1, 2, 1, 2, 1]], dtype=np.uint8)
    image = np.full((1, 6, 3), 255, dtype=np.uint8)
    right = [242] * 3
    picture = error_map(image, truth, pred, 3, priority=[2])
    assert [tuple(pixel) for pixel in picture[0].tolist()] == [
        tuple(right), OTHER, HALLUCINATED, MISSED, tuple(right), VOID_COLOR
    ]  # fmt: skip
