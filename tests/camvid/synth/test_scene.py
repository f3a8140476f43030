import subprocess
import sys
from hashlib import sha256

import numpy as np
import pytest

from camvid.synth import Kind, draw_scene
from camvid.synth.buildings import STYLES
from camvid.synth.facades import GROUND_FLOORS
from camvid.synth.fleet import CARS, HEAVY, OFFROADERS, TRACTOR, TRAM
from camvid.synth.furniture import SIGNS
from camvid.synth.kerbside import _SIGN_ODDS
from camvid.synth.lettering import ROAD_WORDS, SHOP_WORDS, squares, width
from camvid.synth.light import LIGHTS
from camvid.synth.plots import PLOTS
from camvid.synth.render import draw_frame
from camvid.synth.themes import THEMES
from camvid.synth.world import make_world
from camvid.taxonomy import original_palette

SMALL = (96, 128)


def test_kinds_are_the_original_classes_in_alphabetical_order():
    names = [kind.name for kind in Kind]
    assert set(names) == set(original_palette())
    assert names == sorted(names, key=str.lower)
    assert [int(kind) for kind in Kind] == list(range(32))


def test_a_scene_is_a_picture_and_a_label_of_the_size_asked_for():
    image, label = draw_scene(3, (97, 131))
    assert image.shape == (97, 131, 3)
    assert image.dtype == np.uint8
    assert label.shape == (97, 131)
    assert label.dtype == np.uint8
    assert label.max() < 32
    assert image.std() > 20


def test_the_same_seed_draws_the_same_bytes_and_another_seed_others():
    first, again, other = draw_scene(5, SMALL), draw_scene(5, SMALL), draw_scene(6, SMALL)
    for a, b, c in zip(first, again, other, strict=True):
        assert (a == b).all()
        assert (a != c).any()


def test_another_process_draws_the_same_bytes():
    code = (
        "from camvid.synth import draw_scene; from hashlib import sha256;"
        f"print(sha256(b''.join(a.tobytes() for a in draw_scene(5, {SMALL}))).hexdigest())"
    )
    here = sha256(b"".join(array.tobytes() for array in draw_scene(5, SMALL))).hexdigest()
    there = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert there.stdout.strip() == here


def test_a_generator_gives_a_new_scene_with_every_draw():
    rng = np.random.default_rng(0)
    first, second = draw_scene(rng, SMALL)[1], draw_scene(rng, SMALL)[1]
    assert (first != second).any()
    assert (first == draw_scene(np.random.default_rng(0), SMALL)[1]).all()


def test_a_frame_does_not_depend_on_which_frames_were_drawn_before():
    world = make_world((4, 2))
    for index in range(3):
        draw_frame(world, index, SMALL)
    late = draw_frame(world, 3, SMALL)
    alone = draw_frame(make_world((4, 2)), 3, SMALL)
    assert all((a == b).all() for a, b in zip(late, alone, strict=True))


def test_neighbouring_frames_resemble_each_other_more_than_other_streets():
    alike, unlike = [], []
    for seed in range(8):
        world, other = make_world((9, seed)), make_world((10, seed))
        here, after, elsewhere = (draw_frame(w, i, SMALL)[1] for w, i in ((world, 0), (world, 1), (other, 0)))
        alike.append((here == after).mean())
        unlike.append((here == elsewhere).mean())
    assert np.mean(alike) > np.mean(unlike) + 0.08


def test_all_32_classes_are_reached():
    seen: set[int] = set()
    for seed in range(90):
        seen |= set(np.unique(draw_scene(seed, (144, 192))[1]).tolist())
        if len(seen) == 32:
            break
    assert {Kind(k).name for k in seen} == {kind.name for kind in Kind}


def test_the_tables_name_only_what_exists():
    assert {name for theme in THEMES for name in theme.plots} == set(PLOTS)
    assert {name for style in STYLES.values() for name in style.ground} == set(GROUND_FLOORS)
    assert set(_SIGN_ODDS) == set(SIGNS)
    assert sum(theme.odds for theme in THEMES) == pytest.approx(1)
    assert sum(light.odds for light in LIGHTS) == pytest.approx(1)


def test_words_can_be_spelled():
    for word in (*SHOP_WORDS, *ROAD_WORDS):
        cells = squares(word)
        assert cells[..., 0].min() == 0
        assert cells[..., 0].max() <= width(word)
        assert cells[..., 1].min() == 0
        assert cells[..., 1].max() == 5


@pytest.mark.parametrize(
    "vehicle", [*CARS, *OFFROADERS, *HEAVY, TRAM, TRACTOR], ids=lambda v: f"{v.kind.name} {v.length}"
)
def test_windows_lie_within_the_outline(vehicle):
    along, up = np.array(vehicle.outline).T
    for window in vehicle.windows:
        for x, y in window:
            assert 0 <= x <= 1
            roof = np.interp(x, along[1:-1], up[1:-1])
            assert up[0] < y <= roof


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((-1, SMALL), "seed must be 0 or more, got -1"),
        ((0, (31, 64)), "size must be 32x32 .* got 31x64"),
        ((0, (64, 0)), "size must be 32x32 .* got 64x0"),
    ],
)
def test_impossible_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        draw_scene(*arguments)
