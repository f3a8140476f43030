"""Point clouds as the browser gets them, from what the client writes and from what it never would."""

import json
import struct

import numpy as np
import pytest
import wandb
from hypothesis import given, settings
from hypothesis import strategies as st

from wandb_local.limits import MAX_CLOUD_BYTES, MAX_CLOUD_POINTS, MAX_CLOUD_VALUES
from wandb_local.web.cloud.answer import answer_for, for_browser
from wandb_local.web.cloud.boxes import COLOR, MOST_BOXES, in_order, read_boxes
from wandb_local.web.cloud.read import CloudError, read_cloud

EDGES = [(corner, corner ^ bit) for corner in range(8) for bit in (1, 2, 4)]


def file(value):
    """The bytes of a file as the client writes it, with bare NaN and Infinity."""
    return json.dumps(value.tolist() if isinstance(value, np.ndarray) else value).encode()


def unpacked(answer):
    """The head, the points from the centre on, and the bytes behind them."""
    (length,) = struct.unpack("<I", answer[:4])
    head, rest = json.loads(answer[4 : 4 + length]), answer[4 + length :]
    assert length % 4 == 0  # the browser's arrays of numbers begin at whole words
    points = np.frombuffer(rest, "<f4", 3 * head["drawn"]).reshape(-1, 3)
    return head, points, rest[points.nbytes :]


def test_points_colours_and_classes_reach_the_browser():
    places = np.array([[4_500_000.25, 1, 2], [4_500_001.5, 3, 2], [4_500_002, 5, 2.5]])  # metres on a map
    head, points, rest = unpacked(for_browser(read_cloud(file(places))))
    assert (head["drawn"], head["logged"], head["lost"], rest) == (3, 3, 0, b"")
    assert (points + head["center"]).tolist() == places.tolist()  # of which float32 alone loses the fractions
    assert head["extent"] == [[4_500_000.25, 4_500_002], [1, 5], [2, 2.5]]
    colors = np.array([[0, 127, 255], [1, 2, 3], [300, -5, float("nan")]])
    head, _, rest = unpacked(for_browser(read_cloud(file(np.c_[places, colors]))))
    assert head["colors"] and list(rest) == [0, 127, 255, 1, 2, 3, 255, 0, 0]
    _, _, rest = unpacked(for_browser(read_cloud(file(np.c_[places, [[0, 0.5, 1]] * 3]))))
    assert list(rest) == [0, 128, 255] * 3  # no logged part of a colour is more than 1
    head, _, rest = unpacked(for_browser(read_cloud(file(np.c_[places, [1, 14, 1e9]]))))
    assert head["classes"] and np.frombuffer(rest, "<i2").tolist() == [1, 14, 32767]


def test_points_without_a_place_and_far_outliers_do_not_move_the_camera():
    ball = np.random.default_rng(0).uniform(-1, 1, (500, 3))
    lost = [[float("nan"), 0, 0], [float("inf"), 0, 0], [1e39, 0, 0]]
    cloud = read_cloud(file([*ball.tolist(), *lost, [1e6, 0, 0]]))
    head, points, _ = unpacked(for_browser(cloud))
    assert (head["logged"], head["lost"], head["drawn"]) == (504, 3, 501)
    assert np.isfinite(points).all() and points[:, 0].max() > 9e5
    assert np.abs(head["center"]).max() < 0.1 and 0.9 < min(head["half"]) <= max(head["half"]) <= 1
    assert head["extent"][0][1] == 1e6  # which the page says


def test_of_too_many_points_as_many_as_are_drawn_are_chosen_from_all():
    wide = np.arange(MAX_CLOUD_POINTS * 1.1)
    cloud = read_cloud(file(np.c_[wide, wide, wide]))
    x = cloud.points[:, 0]
    assert (len(x), cloud.logged) == (MAX_CLOUD_POINTS, len(wide))
    assert (np.diff(x) > 0).all() and len({*np.diff(x).tolist()}) > 3  # in order, and no stripes
    assert abs(x.mean() / wide.mean() - 1) < 0.01


@pytest.mark.parametrize("points", [[], [[float("nan")] * 3], [[1, 1, 1]], [[2, 2, 2]] * 3])
def test_a_cloud_without_extent_is_a_cloud(points):
    head, _, _ = unpacked(for_browser(read_cloud(file(points))))
    assert head["half"] == [0.5] * 3
    assert head["center"] == (points[0] if head["drawn"] else [0, 0, 0])


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"[[1,2", "not JSON"),
        (b"", "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b"3", "no list of points"),
        (b'"points"', "no list of points"),
        (b"[1,2,3]", "rows of 3, 4 or 6"),
        (b"[[1,2,3],[1,2]]", "rows of 3, 4 or 6"),
        (b"[[1,2,3,4,5]]", "rows of 3, 4 or 6"),
        (b'[["a",2,3]]', "rows of 3, 4 or 6"),
        (b"[[{},2,3]]", "rows of 3, 4 or 6"),
        (b'{"points": 3}', "rows of 3, 4 or 6"),
        (b'{"points": "abc"}', "rows of 3, 4 or 6"),
        (b"[" * 200 + b"]" * 200, "nested deeper"),
        (b"[" + b"0," * MAX_CLOUD_VALUES + b"0]", "more than 4000000 values"),
    ],
)
def test_what_is_no_cloud_is_refused_in_one_line(data, said):
    with pytest.raises(CloudError, match=said) as caught:
        read_cloud(data)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    path = tmp_path / "large.pts.json"
    with path.open("wb") as large:
        large.truncate(MAX_CLOUD_BYTES + 1)
    assert json.loads(answer_for(path)[4:]) == {"fault": "This cloud cannot be shown: the file is larger than 128 MiB."}


@settings(deadline=None, max_examples=50)
@given(st.permutations(range(8)), st.lists(st.floats(0.1, 10), min_size=7, max_size=7))
def test_the_edges_of_a_box_are_found_in_any_order_of_its_corners(order, numbers):
    """W&B's guide lists the corners in another order than its client."""
    box = wandb.box3d(center=(5, -3, 2), size=numbers[:3], orientation=numbers[3:], color=(1, 1, 1))
    corners = np.array(box["corners"])
    found = in_order(corners[list(order)])
    lengths, wanted = (sorted(np.linalg.norm(each[a] - each[b]) for a, b in EDGES) for each in (found, corners))
    assert lengths == pytest.approx(wanted)
    assert sorted(map(tuple, found.tolist())) == sorted(map(tuple, corners.tolist()))


def test_boxes_that_are_damaged_or_too_many_are_counted():
    corners = np.array([[x, y, z] for x in (0, 1) for y in (0, 2) for z in (0, 3)]).tolist()
    whole = {"corners": corners, "label": "car", "score": 0.91234, "color": [0, 0.5, 1]}
    nowhere = [[[float("nan")] * 3] * 8, [["a"] * 3] * 8, corners[:7]]
    damaged = [3, None, {}, *({"corners": each} for each in nowhere)]
    odd = {"corners": corners, "label": ["x"], "score": "high", "color": ["red"]}
    boxes, lost = read_boxes([whole, *damaged, odd])
    assert [(box.text, box.color) for box in boxes] == [("car 0.9123", "#0080ff"), ("", COLOR)]
    assert lost == len(damaged)
    assert read_boxes([{**whole, "color": [123, 321, 111]}])[0][0].color == "#7bff6f"
    boxes, lost = read_boxes([whole] * (MOST_BOXES + 5))
    assert (len(boxes), lost) == (MOST_BOXES, 5)
    assert read_boxes("abc") == read_boxes(None) == ((), 0)
    cloud = read_cloud(file({"boxes": [whole], "vectors": [{"start": [0, 0, 0], "end": [1, 1, 9]}, {"start": [0]}]}))
    head, points, _ = unpacked(for_browser(cloud))
    assert (len(points), head["lost_boxes"], head["extent"][2]) == (0, 1, [0, 9])
    assert np.allclose(np.array(head["vectors"][0]) + head["center"], [[0, 0, 0], [1, 1, 9]])
