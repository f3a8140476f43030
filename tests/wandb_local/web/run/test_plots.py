"""The charts of ``wandb.plot`` on the page of a run that the real client has logged."""

from typing import Any

import numpy as np
import wandb
from playwright.sync_api import expect

from tests.wandb_local.web.conftest import Visitor, run_path

TRUTH: list[Any] = [0, 1, 2, 1, 0, 2, 2, 1]


def test_each_preset_is_drawn_and_an_unknown_one_leads_to_its_table(visitor: Visitor, client_home):
    rows = wandb.Table(columns=["x", "y"], data=[[number, number**2] for number in range(5)])
    labelled = wandb.Table(columns=["class", "score"], data=[["car", 0.5], ["<b>bus</b>", 0.7], ["road", 0.9]])
    chances = np.random.default_rng(0).dirichlet([1, 1, 1], len(TRUTH))
    plot = wandb.plot
    charts = {
        "bar": plot.bar(labelled, "class", "score", title="Scores"),
        "confusion": plot.confusion_matrix(y_true=TRUTH, preds=TRUTH, class_names=["a", "b", "c"]),
        "histogram": plot.histogram(rows, "y", split_table=True),
        "nested/line": plot.line(rows, "x", "y"),
        "private": wandb.plot_table("someone/own", labelled, {"a": "class"}),
        "precision": plot.pr_curve(TRUTH, chances.tolist(), labels=["a", "b", "c"]),
        "roc": plot.roc_curve(TRUTH, chances.tolist(), labels=["a", "b", "c"]),
        "scatter": plot.scatter(rows, "x", "y"),
        "series": plot.line_series([0, 1, 2], [[1, 2, 3], [3, 2, 1]], keys=["up", "down"]),
    }
    with wandb.init(project="web", settings=wandb.Settings(x_disable_stats=True)) as run:
        run.define_metric("nested/*", summary="min")  # takes the table of a chart out of the summary
        run.log(charts)
    page = visitor.open(run_path(run))
    cards = page.locator("#plots figure")
    expect(cards).to_have_count(len(charts))
    drawn = {
        "Scores": (".barlayer .point", 3),
        "Confusion": (".heatmap-label", 9),
        "histogram": (".barlayer .trace", 1),
        "nested/line": (".scatterlayer .js-line", 1),
        "Precision": (".scatterlayer .js-line", 3),
        "ROC": (".scatterlayer .js-line", 3),
        "scatter": (".scatterlayer .point", 5),
        "series": (".scatterlayer .js-line", 2),
    }
    for title, (mark, count) in drawn.items():
        expect(cards.filter(has_text=title).locator(mark)).to_have_count(count)
    private = cards.filter(has_text="private")
    expect(private.locator("p")).to_have_text("The preset 'someone/own' is unknown here. Its table")
    expect(page.get_by_role("link", name="9 charts of tables below")).to_be_visible()
    assert visitor.inaccessible() == []
    private.get_by_role("link").click()
    expect(page.locator("h1")).to_have_text("private_table")
