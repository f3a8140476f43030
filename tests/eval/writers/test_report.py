import json
import math
import re
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from eval.evaluate import evaluate
from eval.writers.report import write_report
from tests.eval.drawn import COLORS, NAMES, SPLIT, ColorModel, sample, street, streets

FILES = [
    "classes.png",
    "confusion.png",
    "curves.png",
    "drives.csv",
    "found.png",
    "index.html",
    "metrics.json",
    "objects.csv",
    "per_image.csv",
    "worst.png",
]


def blind(seed):
    """A street whose pedestrian the model takes for road."""
    labels = street(seed=seed)
    return sample(labels, np.where((labels == 9) | (labels == 255), 3, labels), f"blind<{seed}>")


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """An evaluation, and the folder of its report; nothing may write to it."""
    folder = tmp_path_factory.mktemp("written") / "report"
    samples = [*streets(3), blind(7), blind(8)]
    evaluation = evaluate(ColorModel(), samples, **SPLIT)
    history = [
        {"train/loss": 2.0},
        {"train/loss": 1.0, "val/loss": 1.5, "val/miou": 0.5, "val/priority_dice": math.nan},
    ]
    more: dict[str, Any] = {"extra": {"speed": 2.5}, "history": history}
    page = write_report(evaluation, samples, folder, colors=COLORS, title="A <title>", **more)
    assert page == folder / "index.html"
    return evaluation, folder


def test_files_and_nothing_else(written):
    assert sorted(path.name for path in written[1].iterdir()) == FILES


def test_metrics_are_strict_json_of_flat_keys(written):
    evaluation, folder = written
    text = (folder / "metrics.json").read_text()
    metrics = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert metrics["miou"] == evaluation.metrics["miou"]
    assert metrics["iou/Fence"] is None
    assert metrics["speed"] == 2.5
    assert set(metrics) == {*evaluation.metrics, "speed"}


def test_per_image_table_reads_back(written):
    evaluation, folder = written
    table = pd.read_csv(folder / "per_image.csv", keep_default_na=False, na_values={"priority_score": ""})
    assert table["name"].tolist() == evaluation.records["name"].tolist()
    assert table["name"].tolist()[:2] == ["blind<7>", "blind<8>"]
    assert table["missed"].tolist() == ["Pedestrian"] * 2 + [""] * 3
    np.testing.assert_allclose(table["priority_score"], evaluation.records["priority_score"], rtol=1e-5)


def test_pictures_are_legible_in_size(written):
    for name in ("classes.png", "confusion.png", "curves.png", "found.png", "worst.png"):
        with Image.open(written[1] / name) as picture:
            assert min(picture.size) > 500
            assert len(picture.convert("RGB").getcolors(1 << 24) or []) > 20


class Page(HTMLParser):
    """Collects text and links, and fails on tags that do not match."""

    def __init__(self):
        super().__init__()
        self.text, self.links, self.open, self.order = "", [], [], []

    def handle_starttag(self, tag, attributes):
        if tag not in ("img", "meta"):
            self.open.append(tag)
        if tag in ("h1", "img", "dl", "table"):
            self.order.append(dict(attributes).get("src", tag))
        self.links += [value for key, value in attributes if key in ("src", "href")]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data + " "


def test_page_is_well_formed_escaped_and_self_contained(written):
    evaluation, folder = written
    page = Page()
    page.feed((folder / "index.html").read_text())
    assert page.open == []
    assert "A <title>" in page.text
    assert "blind<7>" in page.text
    assert "2 of 5 frames are edge cases" in page.text
    assert f"{evaluation.metrics['miou']:.3f}" in page.text
    assert set(page.links) == {"#figures", *(name for name in FILES if name != "index.html")}


def test_the_worst_frames_stand_at_the_top_before_figures_and_tables(written):
    page = Page()
    page.feed((written[1] / "index.html").read_text())
    pictures = ["classes.png", "confusion.png", "curves.png", "found.png"]
    assert page.order == ["h1", "worst.png", "dl", *["table"] * 4, *pictures]
    assert page.text.index("2 of 5 frames are edge cases") < page.text.index("miou")


@pytest.mark.parametrize("width", [1400, 390])
def test_the_page_is_as_wide_as_the_window_and_its_tables_scroll(written, browser, width):
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto((written[1] / "index.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") == width
    drives = page.locator(".wide", has_text="drive").last
    assert drives.evaluate("table => table.scrollWidth > table.clientWidth && table.tabIndex === 0")
    context.close()


def test_an_older_sheet_does_not_outlive_its_truth(model, tmp_path):
    for samples, expected in (([*streets(1)], True), ([blind(7)], False)):
        write_report(evaluate(model, samples, **SPLIT), samples, tmp_path, colors=COLORS)
        assert (tmp_path / "found.png").exists() == expected
        assert ("found.png" in (tmp_path / "index.html").read_text()) == expected


def test_frames_of_different_sizes_share_a_sheet(model, tmp_path):
    samples = [sample(street(48, 64)), sample(street(90, 60)), sample(street(50, 200))]
    write_report(evaluate(model, samples, **SPLIT), samples, tmp_path, colors=COLORS)
    with Image.open(tmp_path / "worst.png") as sheet:
        assert sheet.height > 360 * (48 / 64 + 90 / 60 + 50 / 200)


def test_nothing_but_void(model, tmp_path):
    samples = [sample(np.full((8, 8), 255))]
    page = write_report(evaluate(model, samples, **SPLIT), samples, tmp_path, colors=COLORS)
    assert "–" in page.read_text()
    assert json.loads((tmp_path / "metrics.json").read_text())["miou"] is None


def test_many_classes_fit(tmp_path):
    import torch

    from eval.writers.plots import class_figure, confusion_figure

    names = [f"class number {index}" for index in range(32)]
    counts = torch.arange(32 * 32).view(32, 32) + 5000 * torch.eye(32, dtype=torch.int64)
    counts[5], counts[:, 5] = 0, 0
    for draw in (confusion_figure, class_figure):
        figure = draw(counts, names, [1, 2])
        figure.savefig(tmp_path / "chart.png")
        labels = {text.get_text() for text in figure.axes[0].get_yticklabels()}
        assert {"class number 1 ★", "class number 5"} <= labels


def test_confusion_chart_shows_shares_of_the_true_class():
    import torch

    from eval.writers.plots import confusion_figure

    figure = confusion_figure(torch.tensor([[3, 1], [0, 0]]), NAMES[:2])
    assert [text.get_text() for text in figure.axes[0].texts] == ["75", "25"]
    assert re.search("%", figure.axes[0].get_title(loc="left"))
