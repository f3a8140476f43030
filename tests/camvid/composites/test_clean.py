"""Compressed labels back to the colours of their palette."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from camvid.composites.cityscapes import COLORS
from camvid.composites.clean import clean_label

PALETTE = np.array(list(COLORS.values()), np.uint8)


def compressed(label, quality=75):
    data = BytesIO()
    Image.fromarray(label).save(data, "JPEG", quality=quality)
    return np.array(Image.open(data))


def nearest(label):
    return ((label[:, :, None].astype(int) - PALETTE) ** 2).sum(-1).argmin(-1)


def index(name):
    return list(COLORS).index(name)


@pytest.mark.parametrize(
    "pair", [("sky", "sidewalk"), ("vegetation", "sidewalk"), ("person", "sky"), ("sky", "building")]
)
def test_fewer_third_classes_at_an_edge(pair):
    rows, columns = np.mgrid[:64, :64]
    truth = np.where((rows - 31) ** 2 + (columns - 30) ** 2 < 400, *map(index, pair))
    label = compressed(PALETTE[truth])
    naive, derived = nearest(label), clean_label(label, PALETTE)
    third = [(~np.isin(mask, list(map(index, pair)))).sum() for mask in (naive, derived)]
    assert third[0] > 100
    assert third[1] < third[0] / 2
    assert (derived == truth).mean() > 0.97 > (naive == truth).mean() - 0.01


def test_areas_of_one_color_keep_it():
    for color in range(len(PALETTE)):
        label = compressed(np.broadcast_to(PALETTE[color], (32, 32, 3)).copy(), 50)
        derived = clean_label(label, PALETTE)
        assert derived.dtype == np.uint8
        assert (PALETTE[derived] == PALETTE[color]).all()


def test_a_label_without_any_color_of_the_palette_takes_the_nearest():
    label = np.full((8, 8, 3), (90, 200, 90), np.uint8)
    assert (clean_label(label, PALETTE) == nearest(label)).all()
