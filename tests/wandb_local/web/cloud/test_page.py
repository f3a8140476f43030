"""Logged point clouds in a real browser: what a person sees of them, by the pixels that are drawn."""

from contextlib import closing
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
import wandb
from playwright.sync_api import Locator, Page, Playwright, expect

from scripts.browser import OPTIONS
from tests.browser import require_browser
from tests.wandb_local.web.asked import ask
from tests.wandb_local.web.conftest import Visitor, run_path
from tests.wandb_local.web.links import follow

# Balls to the right, to the left, above, before and behind: x leads to the right, y up, z to the viewer.
BALLS = {
    "red": ((3, 0, 0), (255, 0, 0)),
    "blue": ((-3, 0, 0), (0, 0, 255)),
    "green": ((0, 3, 0), (0, 255, 0)),
    "white": ((0, 0, 3), (255, 255, 255)),
    "grey": ((0, 0, -3), (99, 99, 99)),
}
EVIL = "<img src=x onerror=alert(1)>"
# Per exact colour: how many pixels have it, and where their middle is.
SEEN = """async canvas => {
    for (const _ of [1, 2]) await new Promise(requestAnimationFrame); // what was asked for is drawn with the next one
    const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height), found = {};
    for (let at = 0; at < data.length; at += 4) {
        if (data[at + 3] < 255) continue;
        const one = found[[...data.slice(at, at + 3)].join()] ??= [0, 0, 0];
        one[0] += 1; one[1] += (at / 4) % canvas.width; one[2] += Math.floor(at / 4 / canvas.width);
    }
    for (const one of Object.values(found)) [one[1], one[2]] = [one[1] / one[0], one[2] / one[0]];
    return found;
}"""


def balls() -> np.ndarray:
    """500 points a ball, (N, 6)."""
    draw = np.random.default_rng(0)
    return np.concatenate(
        [np.c_[draw.normal(place, 0.15, (500, 3)), np.tile(color, (500, 1))] for place, color in BALLS.values()]
    )


@pytest.fixture(scope="module")
def clouds(client_home: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> wandb.Run:
    """A run with clouds of each form, and one that is damaged, and a mesh."""
    assert client_home
    folder = tmp_path_factory.mktemp("clouds")
    (folder / "broken.pts.json").write_text("[[1, 2")
    (folder / "mesh.obj").write_text("v 0 0 0\n")
    rgb = balls()
    classes = np.c_[rgb[:, :3], np.repeat([1, 2, 3, 14, 15], 500)]
    plain = np.random.default_rng(0).uniform(-1, 1, (100_500, 3))
    plain[:300, 1] = np.nan
    place: Any = {"center": (3, 0, 0), "size": (1, 2, 3)}
    car = wandb.box3d(**place, orientation=(1, 0, 0, 0), color=(1, 0.8, 0), label="car", score=0.9)
    evil = wandb.box3d(**place, orientation=(1, 1, 0, 0), color=(0, 1, 1), label=EVIL)
    up: Any = {"start": [0, 0, 0], "end": [0, 2, 0]}
    table = wandb.Table(columns=["frame", "cloud"])
    table.add_data("first", wandb.Object3D(rgb))
    table.add_data("second", wandb.Object3D(classes))
    lists = wandb.Table(columns=["clouds"], data=[[[wandb.Object3D(rgb), wandb.Object3D(classes)]]])
    with wandb.init(project="clouds") as run:
        run.log({"a photo": wandb.Object3D(rgb[:1500])})
        run.log(
            {
                "a photo": wandb.Object3D(rgb, caption="worst frame"),
                "b list": [wandb.Object3D(classes), wandb.Object3D(plain)],
                "c boxes": wandb.Object3D.from_point_cloud(rgb.tolist(), [car, evil], [up]),
                "d broken": wandb.Object3D(str(folder / "broken.pts.json")),
                "e mesh": wandb.Object3D(str(folder / "mesh.obj")),
                "f empty": wandb.Object3D(np.zeros((0, 3))),
                "table": table,
                "lists": lists,
            }
        )
    return run


def card(page: Page, key: str) -> Locator:
    """The card of a key, in the middle of the window: clouds are loaded when they are seen."""
    found = page.locator("#gallery-cards section").filter(has=page.get_by_role("heading", name=key))
    found.scroll_into_view_if_needed()
    return found


def seen(canvas: Locator, keys: str = "") -> dict[str, Any]:
    """What a canvas shows, at first or after keys that are pressed on it: by colour, pixels and their middle."""
    expect(canvas).to_have_attribute("data-drawn", "true")
    for key in keys.split():
        canvas.press(key)
    found = canvas.evaluate(SEEN)
    named = {name: found.get(",".join(map(str, color)), [0, 0, 0]) for name, (_, color) in BALLS.items()}
    return {**named, "all": found}


def near(one: list[float], other: list[float]) -> bool:
    """Whether two balls are drawn at the same place, to two pixels."""
    return abs(one[1] - other[1]) < 2 and abs(one[2] - other[2]) < 2


def check_views(page: Page) -> None:
    """A cloud stands upright, unmirrored, and can be turned, zoomed, moved and coloured."""
    photo = card(page, "a photo")
    canvas = photo.locator("canvas")
    first = seen(canvas)
    assert min(first[name][0] for name in BALLS) > 50
    assert first["blue"][1] < first["white"][1] < first["grey"][1] < first["red"][1]  # from the left to the right
    assert first["green"][2] < first["grey"][2] < first["red"][2] < first["white"][2]  # the nearest is the lowest
    left, right = balls()[:, 0].min(), balls()[:, 0].max()
    expect(photo.locator(".cloud-count")).to_contain_text("2,500 points")
    expect(photo.locator(".cloud-count span").nth(1)).to_have_text(f"x {left:.4g} to {right:.4g}")
    expect(photo.locator("figcaption")).to_have_text("worst frame")
    expect(photo.get_by_role("link")).to_have_count(1)

    half = seen(canvas, "ArrowRight " * 20)  # 3.2 radians
    assert half["red"][1] < half["blue"][1] and half["white"][2] < half["grey"][2]
    assert near(seen(canvas, "0")["red"], first["red"])
    larger = seen(canvas, "+ +")
    assert larger["red"][1] - larger["blue"][1] > 1.4 * (first["red"][1] - first["blue"][1])
    photo.get_by_role("button", name="Farther").click(click_count=2)
    assert near(seen(canvas)["red"], first["red"])
    assert seen(canvas, "Shift+ArrowRight")["grey"][1] > first["grey"][1] + 5
    photo.get_by_role("button", name="Reset the view").click()
    box = canvas.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"])
    page.mouse.up()
    above = seen(canvas)  # from where the upper ball is before the others
    middle = (above["white"][2] + above["grey"][2]) / 2
    assert abs(above["green"][2] - middle) < 30 < above["white"][2] - above["grey"][2]
    page.mouse.wheel(0, -200)
    wheeled = seen(canvas)
    assert wheeled["white"][2] - wheeled["grey"][2] > 1.2 * (above["white"][2] - above["grey"][2])
    seen(canvas, "0")
    photo.get_by_label("Up").select_option("z")
    upright = seen(canvas)
    assert upright["white"][2] < upright["red"][2] and upright["blue"][1] < upright["green"][1] < upright["red"][1]
    photo.get_by_label("Colour").select_option("height")
    expect(photo.locator(".cloud-scale")).to_contain_text("height (z) -3.")
    heights = seen(canvas)["all"]
    assert heights["253,231,37"][2] < heights["70,50,126"][2] and "255,0,0" not in heights
    page.get_by_role("slider", name="Step of a photo").press("Home")
    expect(photo.locator(".cloud-count")).to_contain_text("1,500 points")
    expect(photo.get_by_label("Colour")).to_have_value("height")
    photo.get_by_label("Colour").select_option("logged")
    earlier = seen(canvas)
    assert earlier["white"][0] == 0 and earlier["green"][0] > 50


def check_forms(page: Page) -> None:
    """Each form of a cloud has its viewer, and what is none a plain line."""
    both = card(page, "b list").locator(".cloud")
    colors = seen(both.nth(0).locator("canvas"))["all"]
    assert {"230,159,0", "86,180,233", "0,158,115", "85,51,187"} <= colors.keys()  # of the classes 1, 2, 3, 14
    expect(both.nth(0).locator(".classes li")).to_have_text(
        ["class 1: 500", "class 2: 500", "class 3: 500", "class 14: 500", "class 15: 500"]
    )
    assert len(seen(both.nth(1).locator("canvas"))["all"]) > 100
    expect(both.nth(1).locator(".cloud-count span").first).to_have_text(
        "100,000 of 100,500 points are drawn; 300 without a finite place"
    )
    boxes = card(page, "c boxes")
    lines = seen(boxes.locator("canvas"))["all"]
    assert min(lines[color][0] for color in ("255,204,0", "0,255,255", "255,215,94")) > 20
    expect(boxes.locator("summary")).to_have_text("2 boxes, 1 vector")
    expect(boxes.locator(".classes li")).to_have_text(["car 0.9", EVIL])
    assert page.locator("img[src=x]").count() == 0
    said = {
        "d broken": "This cloud cannot be shown: the file is not JSON.",
        "e mesh": "Of 3D objects, the pages draw point clouds (.pts.json) alone.",
        "f empty": "This cloud has 0 points.",
    }
    for key, text in said.items():
        expect(card(page, key).locator("p")).to_have_text(text)
        expect(card(page, key).get_by_role("link")).to_have_count(1)
        expect(card(page, key).locator("canvas")).to_have_count(0)


def check_tables(page: Page, clouds: wandb.Run) -> None:
    """A cloud in a table is drawn beside its row."""
    follow(page, run_path(clouds, "tables", "lists"))
    expect(page.locator(".table-cell a")).to_have_text("object3D and 1 more")
    follow(page, run_path(clouds, "tables", "table") + "?row=0")
    canvas = page.locator("#table-fields canvas")
    first = seen(canvas)
    assert min(first[name][0] for name in BALLS) > 50
    assert not near(seen(canvas, "ArrowRight ArrowRight")["red"], first["red"])
    expect(page.locator("#table-position")).to_have_text("Row 1 · 1 of 2")  # the keys are those of the cloud
    page.click("#table-next")
    expect(page.locator("#table-fields .classes li")).to_have_count(5)
    assert "86,180,233" in seen(canvas)["all"]
    follow(page, run_path(clouds, "tables", "lists") + "?row=0")
    places = page.locator("#table-fields .cloud")
    expect(places).to_have_count(2)
    first, second = (seen(places.nth(place).locator("canvas"))["all"] for place in (0, 1))
    assert "255,0,0" in first and "86,180,233" in second
    expect(page.locator("#table-fields dd > a")).to_have_count(2)


@pytest.mark.soak
def test_clouds_on_the_page_of_media_and_in_tables(visitor: Visitor, clouds):
    page = visitor.open(run_path(clouds, "media"))
    check_views(page)
    assert visitor.inaccessible() == []
    check_forms(page)
    check_tables(page, clouds)


@pytest.mark.parametrize("late", ["**/*.png*", "**/*cloud*"])
def test_the_clouds_of_a_row_with_pictures_are_seen_whole(visitor: Visitor, client_home, late):
    assert client_home
    visitor.page.route(late, lambda route: (visitor.page.wait_for_timeout(600), route.continue_()))
    picture, mask = np.full((360, 480, 3), 90, np.uint8), np.ones((360, 480), np.uint8)
    masks = {name: {"mask_data": mask, "class_labels": {1: "road"}} for name in ("truth", "prediction", "error")}
    table = wandb.Table(columns=["cloud", "image", "depth", "error"])
    table.add_data(wandb.Object3D(balls()), wandb.Image(picture, masks=masks), *[wandb.Image(picture)] * 2)
    with wandb.init(project="clouds") as run:
        run.log({"row": table})
    visitor.page.set_viewport_size({"width": 1600, "height": 1000})
    page = visitor.open(run_path(run, "tables", "row") + "?row=0")
    expect(page.locator("#table-fields canvas")).to_have_attribute("data-drawn", "true")
    expect(page.locator(".table-below #table-fields")).to_have_count(1, timeout=5000)
    hidden = "([...document.querySelectorAll('#table-fields')].map(e => e.scrollHeight - e.clientHeight))"
    assert page.evaluate(hidden)[0] <= 1, "the fields scroll inside their box"


def test_the_points_of_a_cloud_are_sent_inert_and_once(shared_server, cookie, clouds):
    (path,) = [file.name for file in wandb.Api().run(clouds.path).files() if "/d broken" in file.name]
    address = f"/_media/runs/local/clouds/{clouds.id}/{quote(path)}"
    file, points = (
        ask(shared_server, "GET", address, Cookie=cookie),
        ask(shared_server, "GET", f"{address}?cloud", Cookie=cookie),
    )
    assert file.text == "[[1, 2"
    assert '{"fault":"This cloud cannot be shown: the file is not JSON."}' in points.text
    assert points.getheader("Content-Security-Policy").startswith("sandbox;")
    known = {"Cookie": cookie, "If_None_Match": points.getheader("ETag")}
    assert [ask(shared_server, "GET", f"{address}{end}", **known).status for end in ("", "?cloud")] == [200, 304]


def test_a_browser_without_webgl_gets_one_line_and_the_link(playwright: Playwright, shared_server, login_state, clouds):
    options = [*OPTIONS, "--disable-3d-apis"]
    with closing(playwright.chromium.launch(executable_path=require_browser(), args=options)) as browser:
        visitor = Visitor(browser.new_context(storage_state=login_state), shared_server)
        photo = card(visitor.open(run_path(clouds, "media")), "a photo")
        expect(photo.locator("p")).to_have_text("This browser has no WebGL, so it cannot draw the cloud.")
        expect(photo.get_by_role("link")).to_have_count(1)
        assert visitor.faults == []
