"""The report as one small HTML page beside its pictures: no script, no network."""

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape

from eval.drives import MATCHING, drive_scores
from eval.evaluate import Evaluation
from eval.objects import SIZE_LIMITS
from files.headlines import PRIORITY_DICE, choose

MAX_FRAMES = 50
LINKS = " · ".join(
    f'<a href="{name}">{name}</a>' for name in ("per_image.csv", "objects.csv", "drives.csv", "metrics.json")
)
SCORES = choose("miou", "priority_dice", "mean_dice", "mean_acc", "pixel_acc", "foreground_acc")
SHOWN = (*SCORES, *choose(*MATCHING, "edge_case_rate"))
STYLE = """
body{font:15px/1.5 system-ui,sans-serif;color:#1f2933;max-width:1100px;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem}h2{font-size:1.15rem;margin-top:2.2rem}img{max-width:100%;border:1px solid #e4e7eb}
.wide{overflow-x:auto}table{border-collapse:collapse;font-size:14px;font-variant-numeric:tabular-nums}
td,th{padding:.25rem .8rem;text-align:left;border-bottom:1px solid #e4e7eb}
dl{display:flex;flex-wrap:wrap;gap:1rem 2.2rem}dt{color:#616e7c;font-size:13px}
dd{margin:0;font-size:1.5rem;font-weight:600}.flagged{color:#c81e2d}
"""


def report_page(title: str, metrics: Mapping[str, float | str], evaluation: Evaluation, pictures: Sequence[str]) -> str:
    """The page's HTML.

    Args:
        title: headline, shown escaped.
        metrics: flat keys, among them ``SHOWN`` and the per-class ones.
        evaluation: the records and class names behind them.
        pictures: names of picture files in the page's folder, that of the worst frames first: it stands at the top.
    """
    figures = "".join(f"<div><dt>{each.key}</dt><dd>{_score(metrics[each.key])}</dd></div>" for each in SHOWN)
    images = {name: f'<a href="{escape(name)}"><img src="{escape(name)}"></a>' for name in pictures}
    flagged = int(evaluation.records["flagged"].sum())
    worst = images.pop(pictures[0])
    others = "".join(f"<h2>{escape(name)}</h2>{image}" for name, image in images.items())
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style>"
        f"<h1>{escape(title)}</h1>"
        f"<p>{flagged} of {len(evaluation.records)} frames are edge cases: less than {evaluation.threshold:.0%} of an "
        f"object of a priority class is found, or less than {evaluation.threshold:.0%} of a predicted object is "
        "correct. "
        f"The worst frames by missed area come first, then <a href='#figures'>figures and tables</a>.</p>{worst}"
        f"<h2 id='figures'>Figures</h2><dl>{figures}</dl>"
        f"<h2>Classes (★ priority)</h2>{_classes(metrics, evaluation)}"
        f"<h2>Objects of priority classes, matched one to one at IoU &gt; 0.5</h2>{_objects(metrics, evaluation)}"
        f"<h2>Drives</h2>{_drives(evaluation)}"
        f"<h2>Frames, worst first</h2>{_frames(evaluation)}"
        f"<p>{LINKS}</p>{others}</html>\n"
    )


def _classes(metrics: Mapping[str, float | str], evaluation: Evaluation) -> str:
    rows = []
    for index, name in enumerate(evaluation.class_names):
        mark = " ★" if index in evaluation.priority else ""
        rows.append([escape(name) + mark, *(_score(metrics[f"{key}/{name}"]) for key in ("iou", "dice", "acc"))])
    return _table(["class", "IoU", "Dice", "accuracy"], rows)


def _objects(metrics: Mapping[str, float | str], evaluation: Evaluation) -> str:
    records, rows = evaluation.records, []
    for name in (evaluation.class_names[index] for index in evaluation.priority):
        keys = [f"{name}/{size}" for size in SIZE_LIMITS] + [name]
        cells = [f"{records[f'matched/{key}'].sum()} / {records[f'objects/{key}'].sum()}" for key in keys]
        rows.append([escape(name), *cells, *(_score(metrics[f"{key}/{name}"]) for key in MATCHING)])
    return _table(["class", *SIZE_LIMITS, "all", "recall", "precision", "F1", "false alarms per frame"], rows)


def _drives(evaluation: Evaluation) -> str:
    drives = drive_scores(evaluation)
    rows = [
        [escape(str(name)), f"{row['frames']:.0f}", *map(_score, row.drop("frames"))] for name, row in drives.iterrows()
    ]
    return _table(["drive", *drives.columns], rows)


def _frames(evaluation: Evaluation) -> str:
    rows = []
    for record in evaluation.records.head(MAX_FRAMES).to_dict("records"):
        why = f'<span class="{"flagged" if record["flagged"] else ""}">{escape(str(record["why"]))}</span>'
        rows.append([escape(str(record["name"])), _score(record["priority_score"]), escape(record["worst_class"]), why])
    rest = len(evaluation.records) - len(rows)
    more = f"<p>{rest} more frames are in per_image.csv.</p>" if rest else ""
    return _table(["frame", PRIORITY_DICE.label, "worst class", "why"], rows) + more


def _table(header: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{name}</th>" for name in header)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="wide" tabindex="0"><table><tr>{head}</tr>{body}</table></div>'


def _score(value: float | str) -> str:
    return str(value) if isinstance(value, str) else "–" if math.isnan(value) else f"{value:.3f}"
