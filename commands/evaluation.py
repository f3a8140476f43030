"""Evaluate a model, predict with it, measure its speed, compare it with others, or export it.

python -m eval MODEL --data ROOT --split test --out DIR    metrics, edge cases and a report
python -m eval predict MODEL INPUT --out DIR               masks, depth, points of an image, a folder or a video
python -m eval latency MODEL                               parameters, size, milliseconds per image
python -m eval compare MODEL [MODEL …] --data ROOT         a table of several models, with a plot
python -m eval export MODEL --format onnx                  one file, checked against PyTorch; --int8 makes it smaller
python -m eval sweep ENTITY/PROJECT/ID                     a report of a sweep: a page with charts, and W&B tables

MODEL is a run folder, its model.safetensors, a W&B artifact such as camvid-unet:latest, or an exported file.
"""

from __future__ import annotations

import argparse
import gc
import sys
import traceback
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from commands.evaluation_options import parse

if TYPE_CHECKING:  # what takes seconds to import is imported by the command that needs it
    from camvid.taxonomy import Taxonomy
    from eval.evaluate import Evaluation, Samples
    from models.saved import SavedModel


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Exit code 0, or 2 for an error that the user can fix (one line on stderr)."""
    options = parse(sys.argv[1:] if arguments is None else arguments, __doc__)
    try:
        COMMANDS[options.command](options)
    except (ValueError, OSError) as error:
        if options.debug:
            traceback.print_exc()
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def _evaluate(options: argparse.Namespace) -> None:
    gc.disable()  # a fifth of the time of these imports would be spent among objects that stay
    from camvid.remarks import about_priority
    from commands.opening import file_figures, judged_by, open_data, open_model, sizing
    from commands.truth import samples_of, trained_on
    from eval.evaluate import evaluate
    from eval.latency import BESIDE, measure_latency
    from eval.writers.report import write_report
    from eval.writers.table import class_table, depth_table, drive_table

    gc.enable()
    saved, told = judged_by(options.taxonomy, open_model(options), options.data)
    dataset = open_data(options, saved, options.split)
    taxonomy, samples = dataset.taxonomy, samples_of(dataset, options.split, saved.config)
    sys.stderr.write(told + about_priority(taxonomy))
    size_for = sizing(options, saved)
    where = {"device": options.device, "precision": options.precision}
    evaluation = evaluate(
        saved.model,
        samples,
        size_for=size_for,
        batch_size=options.batch_size,
        **where,
        **_rule(options, saved),
        **taxonomy.scoring,
    )
    sizes = Counter(map(size_for, evaluation.shapes)).most_common()
    speed = measure_latency(saved.model, sizes[0][0], seconds=BESIDE, **where) | file_figures(saved)
    title = f"{saved.folder.name} on the {options.split} split of {options.data.name}"
    seen = "" if trained_on(saved.config) == "train" else f", trained on {trained_on(saved.config)}"
    speed |= {"train_on": trained_on(saved.config)} if seen else {}
    page = write_report(evaluation, samples, options.out, colors=taxonomy.colors, title=title + seen, extra=speed)
    tables = (table(evaluation) for table in (class_table, depth_table, drive_table))
    print("\n\n".join(filter(None, tables)))
    several = f" and {len(sizes) - 1} other size{'s' * (len(sizes) > 2)}" if len(sizes) > 1 else ""
    size = "{}x{}".format(*sizes[0][0])
    print(f"\n{len(samples)} frames, predicted at {size}{several}, {options.precision} on {options.device}{seen}")
    print(f"report: {page}")
    if options.wandb:
        _log(options, saved, evaluation, samples, taxonomy)


def _rule(options: argparse.Namespace, saved: SavedModel) -> dict[str, Any]:
    """The rules for objects, missed objects and depth: from the options, else those of the model's training."""
    from commands.opening import rule_of
    from commands.truth import learns_depth

    if options.depth_threshold and not learns_depth(saved.config):
        raise ValueError(f"--depth-threshold: {saved.folder} predicts no depth; leave it out, or take another model")
    asked = {key: getattr(options, key) for key in ("threshold", "object_area", "depth_threshold")}
    return rule_of(saved.config) | {key: value for key, value in asked.items() if value is not None}


def _predict(options: argparse.Namespace) -> None:
    from camvid.layouts.scan import pictures
    from commands.cameras import camera_of
    from commands.opening import open_model, sizing, taxonomy_of
    from eval.predict import Predictor, predict_path

    saved = open_model(options)
    cameras = camera_of(options, saved)
    size_for, taxonomy = sizing(options, saved), taxonomy_of(saved)
    predictor = Predictor(saved.model, taxonomy.names, taxonomy.colors, size_for, options.device, options.precision)
    result = predict_path(predictor, options.input, options.out, pictures, camera_of=cameras, points=options.points)
    print(*result.notes, sep="\n", end="\n" * bool(result.notes))
    print(f"{len(result.written)} files written to {options.out}")
    if result.faults:
        raise ValueError("; ".join(result.faults))


def _latency(options: argparse.Namespace) -> None:
    from commands.opening import file_figures, open_model, sizing
    from eval.latency import measure_latency
    from eval.writers.table import figures_table

    saved = open_model(options)
    size = sizing(options, saved)(tuple(options.size))
    figures = measure_latency(saved.model, size, device=options.device, precision=options.precision)
    print(figures_table(figures | file_figures(saved)))


def _compare(options: argparse.Namespace) -> None:
    from commands.compare import compare

    compare(options)


def _export(options: argparse.Namespace) -> None:
    from commands.export import export

    export(options)


def _sweep(options: argparse.Namespace) -> None:
    from commands.sweep import sweep

    sweep(options)


def _log(
    options: argparse.Namespace, saved: SavedModel, evaluation: Evaluation, samples: Samples, taxonomy: Taxonomy
) -> None:
    from artifacts.run import start_run, sync_hint, tracked
    from artifacts.tables import log_evaluation

    config = {**saved.config, "model": options.model, "data": str(options.data)}
    project = saved.config.get("project", "camvid")
    with tracked(start_run(config, project=project, folder=options.out, job_type="evaluate")) as run:
        log_evaluation(run, evaluation, samples, taxonomy, options.split)
        print(sync_hint(run, f"{options.split}/edge_cases"))


COMMANDS = {
    "evaluate": _evaluate,
    "predict": _predict,
    "latency": _latency,
    "compare": _compare,
    "export": _export,
    "sweep": _sweep,
}
