"""Evaluate a model, predict with it, or measure its speed.

python -m eval MODEL --data ROOT --split test --out DIR    metrics, edge cases and a report
python -m eval predict MODEL INPUT --out DIR               masks and overlays of an image, a folder or a video
python -m eval latency MODEL                               parameters, size, milliseconds per image

MODEL is a run folder, its model.safetensors, or a W&B artifact such as camvid-unet:latest.
"""

from __future__ import annotations

import argparse
import sys
import traceback
import warnings
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from eval.options import parse

if TYPE_CHECKING:  # what takes seconds to import is imported by the command that needs it
    from camvid.layouts import CamVid
    from camvid.taxonomy import Taxonomy
    from eval.evaluate import Evaluation, Samples
    from models.saved import SavedModel


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Exit code 0, or 2 for what the user can mend (one line on stderr)."""
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
    from camvid.transforms import scaled_size
    from eval.evaluate import FrameSamples, evaluate
    from eval.latency import measure_latency
    from eval.report import write_report
    from eval.table import class_table

    saved = _open_model(options)
    dataset = _open_data(options, saved)
    taxonomy, samples = dataset.taxonomy, FrameSamples(dataset.splits[options.split], dataset.read)
    size = scaled_size(samples[0].mask.shape, _factor(options, saved))
    evaluation = evaluate(
        saved.model,
        samples,
        num_classes=taxonomy.num_classes,
        class_names=taxonomy.names,
        priority=taxonomy.priority,
        background=taxonomy.background,
        size=size,
        batch_size=options.batch_size,
        device=options.device,
        precision=options.precision,
        threshold=saved.config.get("threshold", 0.5) if options.threshold is None else options.threshold,
    )
    speed = measure_latency(saved.model, size, device=options.device, precision=options.precision, seconds=3)
    title = f"{saved.folder.name} on the {options.split} split of {options.data.name}"
    page = write_report(evaluation, samples, options.out, colors=taxonomy.colors, title=title, extra=speed)
    print(class_table(evaluation))
    print(f"\n{len(samples)} frames, predicted at {size[0]}x{size[1]}, {options.precision} on {options.device}")
    print(f"report: {page}")
    if options.wandb:
        _log(options, saved, evaluation, samples, taxonomy)


def _predict(options: argparse.Namespace) -> None:
    from camvid.transforms import scaled_size
    from eval.predict import Predictor, predict_path

    saved = _open_model(options)
    size_for = partial(scaled_size, factor=_factor(options, saved))
    predictor = Predictor(saved.model, _taxonomy(saved).colors, size_for, options.device, options.precision)
    result = predict_path(predictor, options.input, options.out)
    print(f"{len(result.written)} files written to {options.out}")
    if result.faults:
        raise ValueError("; ".join(result.faults))


def _latency(options: argparse.Namespace) -> None:
    from camvid.transforms import scaled_size
    from eval.latency import measure_latency
    from eval.table import figures_table

    saved = _open_model(options)
    size = scaled_size(tuple(options.size), _factor(options, saved))
    print(figures_table(measure_latency(saved.model, size, device=options.device, precision=options.precision)))


def _open_model(options: argparse.Namespace) -> SavedModel:
    """The model; settles ``options.device`` and ``options.precision``, which default to those it was trained with."""
    from models.saved import load_model

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # fastai calls torch.jit.script when it is imported
        from training.precision import resolve_device, resolve_precision

    path = Path(options.model)
    if not path.exists():
        if ":" not in options.model:
            raise ValueError(f"{path}: not found; give a run folder, a model.safetensors or an artifact (name:version)")
        from artifacts.download import fetch_model

        path = fetch_model(options.model)
    options.device = resolve_device(options.device)
    saved = load_model(path, options.device)
    options.precision = resolve_precision(options.precision or saved.config.get("precision", "auto"), options.device)
    return saved


def _open_data(options: argparse.Namespace, saved: SavedModel) -> CamVid:
    """The data set, read with the model's taxonomy and divided as in its training."""
    from camvid.layouts import open_camvid
    from camvid.taxonomy import load_taxonomy

    taxonomy = _taxonomy(saved)
    if options.taxonomy and (asked := load_taxonomy(options.taxonomy)).digest != taxonomy.digest:
        raise ValueError(
            f"--taxonomy {options.taxonomy} ({asked.num_classes} classes) is not that of {saved.folder} "
            f"({taxonomy.name}, {taxonomy.num_classes} classes): leave it out, or take a model trained with it"
        )
    config = saved.config
    dataset = open_camvid(options.data, taxonomy, split=config.get("split", "official"), seed=config.get("seed", 0))
    if not dataset.splits[options.split]:
        filled = ", ".join(name for name, frames in dataset.splits.items() if frames) or "none"
        raise ValueError(f"{options.data}: the {options.split} split has no frames; --split can be: {filled}")
    return dataset


def _taxonomy(saved: SavedModel) -> Taxonomy:
    from camvid.taxonomy import Taxonomy

    return Taxonomy.from_dict(saved.taxonomy, str(saved.folder / "taxonomy.yaml"))


def _factor(options: argparse.Namespace, saved: SavedModel) -> float:
    """Prediction size as a share of the frame's: the option, else the config's ``eval_factor`` or ``resize_factor``."""
    factor = options.eval_factor or saved.config.get("eval_factor") or saved.config.get("resize_factor") or 1.0
    return float(factor)


def _log(
    options: argparse.Namespace, saved: SavedModel, evaluation: Evaluation, samples: Samples, taxonomy: Taxonomy
) -> None:
    from artifacts.run import start_run, sync_hint, tracked
    from artifacts.tables import log_evaluation

    config = {**saved.config, "model": options.model, "data": str(options.data)}
    project = saved.config.get("project", "camvid")
    with tracked(start_run(config, project=project, folder=options.out, job_type="evaluate")) as run:
        log_evaluation(run, evaluation, samples, taxonomy, options.split)
        print(sync_hint(run))


COMMANDS = {"evaluate": _evaluate, "predict": _predict, "latency": _latency}

if __name__ == "__main__":
    sys.exit(main())
