"""Compare model artifacts: fetch them, check that they are comparable, score them on the same images, and time them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import chain, islice
from typing import NamedTuple

import pandas as pd
import wandb

from artifacts.download import default_root, download_dataset, download_model, version_name
from artifacts.model import RECORDS
from artifacts.seeds import seed_spread
from camvid.layouts import RoadDataset, open_dataset
from camvid.remarks import about_priority
from camvid.taxonomy import Taxonomy
from commands.device import resolve_device, resolve_precision
from commands.opening import division, rule_of, taxonomy_of
from commands.truth import learns_depth, require_unseen, samples_of
from eval.evaluate import evaluate
from eval.figures import classes_of, counts_objects, paired_figures, read_counts, scores_of
from eval.latency import Timed, time_in_turns
from eval.noninferiority import Change, Margins, judge, latency_tried
from eval.writers.table import change_table
from models.saved import SavedModel, load_model


class Side(NamedTuple):
    """One of the models: its name with its version, its weights and settings, and its taxonomy."""

    name: str
    saved: SavedModel
    taxonomy: Taxonomy


class Weighed(NamedTuple):
    """The changes from each reference model to the candidate, and the candidate's scores, which the floors limit."""

    changes_from: dict[str, list[Change]]
    scores: Mapping[str, float | str | None]
    priority: list[str]


def weigh(
    references: Sequence[wandb.Artifact],
    candidate: wandb.Artifact,
    data: wandb.Artifact | None,
    options: argparse.Namespace,
) -> Weighed:
    """Compare the candidate with each reference model; prints what is compared, and the tables.

    Args:
        references: the models to compare with. The first must be comparable; another one that is not is left out, and
            a line says so.
        candidate: the model that is to be promoted.
        data: the data version on which all are evaluated, if that is needed.
        options: `split`, `dataset`, `tolerance`, `mean_tolerance`, `confidence`, `latency_limit` and `device`.

    Raises:
        ValueError: classes, data or split differ, or there is no data to evaluate on; the message says what to do.
    """
    options.device = resolve_device(options.device)
    after = _open(candidate)
    require_unseen(options.split, after.saved.config, after.name)
    sys.stderr.write(about_priority(after.taxonomy))
    sides = _alike([_open(artifact) for artifact in references], after, options)
    priority = [after.taxonomy.names[index] for index in after.taxonomy.priority]
    if not sides and options.split == "val" and not options.dataset:
        return Weighed({}, after.saved.metrics, priority)
    *befores, records = _records([*sides, after], data, options)
    figures = [paired_figures(before, records, priority) for before in befores]
    margins = Margins(options.tolerance, options.mean_tolerance, options.confidence)
    changes = iter(judge([*chain(*figures)], priority, margins, seed_spread(candidate, *references)))
    changes_from = {side.name: [*islice(changes, len(own))] for side, own in zip(sides, figures, strict=True)}
    used = version_name(data) if data else _data_of(after)
    for side in sides:
        timed = [_timed(each, options.device) for each in (side, after)]
        changes_from[side.name].append(
            latency_tried(partial(time_in_turns, *timed, device=options.device), options.latency_limit)
        )
        heads = f"before:  {side.name}\nafter:   {after.name}\ndata:    {used}, {len(records)} {options.split} frames"
        print(f"{heads}\n\n{change_table(changes_from[side.name])}\n")
    return Weighed(changes_from, scores_of(records, priority), priority)


def _alike(sides: Sequence[Side], after: Side, options: argparse.Namespace) -> list[Side]:
    """The models that can be compared; raises ValueError if the first one cannot."""
    kept = []
    for side in sides:
        try:
            require_unseen(options.split, side.saved.config, side.name)
            _check_alike(side, after, any_data=bool(options.dataset))
        except ValueError as error:
            if side is sides[0]:
                raise
            print(f"not compared: {error}")
        else:
            kept.append(side)
    return kept


def _timed(side: Side, device: str) -> Timed:
    size = side.saved.metrics.get("model/size")  # height x width at which it predicts
    if not size:
        raise ValueError(f"{side.name}: its metrics.json has no key model/size; use a model that train.py logged")
    height, width = map(int, str(size).split("x"))
    precision = resolve_precision(side.saved.config.get("precision", "auto"), device)
    return Timed(side.saved.model, (height, width), precision)


def _open(artifact: wandb.Artifact) -> Side:
    saved = load_model(download_model(artifact))
    return Side(version_name(artifact), saved, taxonomy_of(saved))


def _check_alike(before: Side, after: Side, *, any_data: bool) -> None:
    """Raise ValueError if the two cannot be compared: their classes, data, or split differ."""
    both = f"{before.name} and {after.name}"
    if before.taxonomy.digest != after.taxonomy.digest:
        names = f"{before.taxonomy.name} and {after.taxonomy.name}"
        raise ValueError(f"{both} have different taxonomies ({names}); only models of the same classes can be compared")
    if learns_depth(before.saved.config) and not learns_depth(after.saved.config):
        raise ValueError(
            f"{before.name} predicts depth and {after.name} does not, so they cannot be compared; promote a model that "
            "predicts depth, or overrule with --force WHY"
        )
    splits = [division(side.saved.config) for side in (before, after)]
    if splits[0] != splits[1]:
        raise ValueError(
            f"{both} were trained on different splits ({splits[0]['split']}, seed {splits[0]['seed']}, and "
            f"{splits[1]['split']}, seed {splits[1]['seed']}), so one may have been trained on the other's test frames"
        )
    digests = [side.saved.data.get("digest") for side in (before, after)]
    if digests[0] != digests[1] and not any_data:
        shown = " and ".join(_data_of(side) for side in (before, after))
        raise ValueError(
            f"{both} were trained on different data ({shown}); give --dataset NAME:VERSION to evaluate both on it"
        )


def _data_of(side: Side) -> str:
    data = side.saved.data
    return f"{data.get('name') or 'data'}:{data.get('version') or str(data.get('digest'))[:12]}"


def _records(sides: Sequence[Side], data: wandb.Artifact | None, options: argparse.Namespace) -> list[pd.DataFrame]:
    """The per-image records of all models: either those saved with the models, or all measured now on this machine."""
    came = [_came_with(side) for side in sides]
    lacking = [side.name for side, records in zip(sides, came, strict=True) if records is None]
    old = [side.name for side, records in zip(sides, came, strict=True) if _lacks_objects(records)]
    if options.split == "val" and not options.dataset:
        reason = (
            f"no {'records' if lacking else 'matched objects'} per image were saved with {' and '.join(lacking or old)}"
        )
        if not lacking and old and data is None:
            print(f"object F1 is not compared: {reason}")
        if not lacking and (not old or data is None):
            return [records for records in came if records is not None]
    else:
        reason = "as asked"
    if data is None:
        raise ValueError(f"{sides[-1].name}: the server does not have the data it was trained on; give --dataset")
    print(f"evaluating all models on {version_name(data)} ({reason})")
    how = division(sides[-1].saved.config) | {"depth": any(learns_depth(side.saved.config) for side in sides)}
    dataset = open_dataset(download_dataset(data, default_root()), sides[-1].taxonomy, **how)
    if not dataset.splits[options.split]:
        raise ValueError(f"{version_name(data)}: the {options.split} split has no frames")
    return [_evaluate(side, dataset, options) for side in sides]


def _lacks_objects(records: pd.DataFrame | None) -> bool:
    return records is not None and bool(classes_of(records)) and not counts_objects(records)


def _came_with(side: Side) -> pd.DataFrame | None:
    path = side.saved.folder / RECORDS
    return read_counts(path) if path.is_file() else None


def _evaluate(side: Side, dataset: RoadDataset, options: argparse.Namespace) -> pd.DataFrame:
    config, taxonomy = side.saved.config, dataset.taxonomy
    samples = samples_of(dataset, options.split, config)
    return evaluate(
        side.saved.model,
        samples,
        size_for=side.saved.size_for,
        device=options.device,
        precision=resolve_precision(config.get("precision", "auto"), options.device),
        **taxonomy.scoring,
        **rule_of(config),
    ).records
