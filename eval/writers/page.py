"""The report as one small HTML page beside its pictures: no script, no network."""

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape

import pandas as pd

from eval.depth.measures import BANDS, FIGURES
from eval.depth.records import SHOWN as SHOWN_DEPTH
from eval.drives import MATCHING, drive_scores
from eval.evaluate import Evaluation
from eval.objects import SIZE_LIMITS
from files.headlines import PRIORITY_DICE, choose

MAX_FRAMES = 50
FILES = ("per_image.csv", "objects.csv", "drives.csv", "metrics.json")
DEPTH_FILES = ("depth_classes.csv", "depth_distances.csv")
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
    images = {name: f'<a href="{escape(name)}"><img src="{escape(name)}"></a>' for name in pictures}
    worst = images.pop(pictures[0])
    others = "".join(f"<h2>{escape(name)}</h2>{image}" for name, image in images.items())
    sections = "".join(f"<h2>{head}</h2>{body}" for head, body in _sections(metrics, evaluation).items())
    files = (*FILES, *(DEPTH_FILES if evaluation.depth else ()))
    links = " · ".join(f'<a href="{name}">{name}</a>' for name in files)
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style>"
        f"<h1>{escape(title)}</h1>"
        f"<p>{_edge_cases(evaluation)}, then <a href='#figures'>figures and tables</a>.</p>{worst}"
        f"<h2 id='figures'>Figures</h2><dl>{_figures(metrics)}</dl>{sections}"
        f"<p>{links}</p>{others}</html>\n"
    )


def _edge_cases(evaluation: Evaluation) -> str:
    """How many there are, what makes a frame one, and the order."""
    flagged, share = int(evaluation.records["flagged"].sum()), f"{evaluation.threshold:.0%}"
    reasons = []
    if evaluation.has_classes:
        found = f"less than {share} of an object of a priority class is found"
        reasons += [found, f"less than {share} of a predicted object is correct"]
    if evaluation.depth and evaluation.depth.threshold:
        reasons.append(f"the depth of a priority class is wrong by more than {evaluation.depth.threshold:.0%}")
    why = f" are edge cases: {', or '.join(reasons)}. " if reasons else " are edge cases: depth_threshold is 0. "
    order = "missed area" if evaluation.has_classes else "error of depth"
    return f"{flagged} of {len(evaluation.records)} frames{why}The worst frames by {order} come first"


def _figures(metrics: Mapping[str, float | str]) -> str:
    keys = [key for key in (*(each.key for each in SHOWN), *(f"depth/{key}" for key in FIGURES)) if key in metrics]
    return "".join(f"<div><dt>{key}</dt><dd>{_score(metrics[key])}</dd></div>" for key in keys)


def _sections(metrics: Mapping[str, float | str], evaluation: Evaluation) -> dict[str, str]:
    """The tables by their headlines."""
    sections = {}
    if evaluation.has_classes:
        sections["Classes (★ priority)"] = _classes(metrics, evaluation)
        matched = "Objects of priority classes, matched one to one at IoU &gt; 0.5"
        sections[matched] = _objects(metrics, evaluation)
    if evaluation.depth:
        sections["Depth by class (★ priority)"] = _depth(evaluation.depth.by_class(), _marked(evaluation))
        sections["Depth by distance"] = _depth(evaluation.depth.by_distance(), [*BANDS])
    return sections | {"Drives": _drives(evaluation), "Frames, worst first": _frames(evaluation)}


def _marked(evaluation: Evaluation) -> list[str]:
    """The names of the classes, with a star at the priority classes."""
    names = enumerate(evaluation.class_names)
    return [escape(name) + " ★" * (index in evaluation.priority) for index, name in names]


def _depth(table: pd.DataFrame, names: Sequence[str]) -> str:
    rows = [
        [name, f"{row['pixels']:.0f}", *map(_score, row.drop("pixels"))]
        for name, (_, row) in zip(names, table.iterrows(), strict=True)
    ]
    return _table([str(table.index.name), "pixels", *map(escape, FIGURES.values())], rows)


def _classes(metrics: Mapping[str, float | str], evaluation: Evaluation) -> str:
    rows = [
        [shown, *(_score(metrics[f"{key}/{name}"]) for key in ("iou", "dice", "acc"))]
        for shown, name in zip(_marked(evaluation), evaluation.class_names, strict=True)
    ]
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
    columns = {"priority_score": PRIORITY_DICE.label, "worst_class": "worst class"} if evaluation.has_classes else {}
    columns |= {f"depth/{key}": FIGURES[key] for key in SHOWN_DEPTH} if evaluation.depth else {}
    rows = []
    for record in evaluation.records.head(MAX_FRAMES).to_dict("records"):
        why = f'<span class="{"flagged" if record["flagged"] else ""}">{escape(str(record["why"]))}</span>'
        cells = [_score(record[key]) if key != "worst_class" else escape(record[key]) for key in columns]
        rows.append([escape(str(record["name"])), *cells, why])
    rest = len(evaluation.records) - len(rows)
    more = f"<p>{rest} more frames are in per_image.csv.</p>" if rest else ""
    return _table(["frame", *map(escape, columns.values()), "why"], rows) + more


def _table(header: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{name}</th>" for name in header)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="wide" tabindex="0"><table><tr>{head}</tr>{body}</table></div>'


def _score(value: float | str) -> str:
    return str(value) if isinstance(value, str) else "–" if math.isnan(value) else f"{value:.3f}"
